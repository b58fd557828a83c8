package clients;

import static clients.HadoopS3a.keysOf;
import static clients.HadoopS3a.path;
import static clients.Steps.check;

import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.io.NullWritable;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.mapreduce.Job;
import org.apache.hadoop.mapreduce.OutputCommitter;
import org.apache.hadoop.mapreduce.RecordWriter;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.hadoop.mapreduce.TaskAttemptID;
import org.apache.hadoop.mapreduce.lib.output.FileOutputFormat;
import org.apache.hadoop.mapreduce.lib.output.TextOutputFormat;
import org.apache.hadoop.mapreduce.task.TaskAttemptContextImpl;

/** Jobs of one task that write a line, by way of a committer as those of Hadoop and Spark do. */
final class HadoopJobs {
    private static final String FACTORY = "mapreduce.outputcommitter.factory.scheme.s3a";
    private static final String S3A_FACTORY = "org.apache.hadoop.fs.s3a.commit.S3ACommitterFactory";

    private HadoopJobs() {}

    static void run(Steps steps, String bucket) {
        steps.step("job with the FileOutputCommitter", () -> write(bucket, "file", Map.of()));
        for (String name : List.of("directory", "magic")) {
            steps.step("job with the S3A committer " + name, () -> write(bucket, name, Map.of(
                    FACTORY, S3A_FACTORY, "fs.s3a.committer.name", name)));
        }
    }

    private static void write(String bucket, String output, Map<String, String> settings)
            throws Exception {
        try (FileSystem fs = HadoopS3a.open(bucket, Map.of())) {
            Job job = Job.getInstance(fs.getConf());
            settings.forEach(job.getConfiguration()::set);
            FileOutputFormat.setOutputPath(job, fs.makeQualified(path(output)));
            TaskAttemptContext task = new TaskAttemptContextImpl(job.getConfiguration(),
                    TaskAttemptID.forName("attempt_202611260000_0001_m_000000_0"));
            TextOutputFormat<NullWritable, Text> format = new TextOutputFormat<>();
            OutputCommitter committer = format.getOutputCommitter(task);
            committer.setupJob(task);
            committer.setupTask(task);
            RecordWriter<NullWritable, Text> writer = format.getRecordWriter(task);
            writer.write(NullWritable.get(), new Text("hello"));
            writer.close(task);
            check(committer.needsTaskCommit(task), "nothing to commit");
            committer.commitTask(task);
            committer.commitJob(task);
            holdsTheLine(fs, output);
        }
    }

    /** Whether what the task wrote is in its place, and nothing of the work is left. */
    private static void holdsTheLine(FileSystem fs, String output) throws Exception {
        List<String> keys = keysOf(fs).stream().filter(key -> key.startsWith(output + "/")).toList();
        check(keys.size() == 2 && keys.get(0).equals(output + "/_SUCCESS"), "%s", keys);
        try (var in = fs.open(path(keys.get(1)))) {
            String line = new String(in.readAllBytes());
            check(line.equals("hello\n"), "%s", line);
        }
    }
}
