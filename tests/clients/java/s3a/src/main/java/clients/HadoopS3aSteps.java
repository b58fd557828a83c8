package clients;

import static clients.HadoopS3a.keysOf;
import static clients.HadoopS3a.path;
import static clients.HadoopS3a.write;
import static clients.Steps.MIB;
import static clients.Steps.check;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileRange;
import org.apache.hadoop.fs.FileSystem;

/** What S3A has and the checklist has not. */
final class HadoopS3aSteps {
    private final String bucket;
    private final Steps steps;

    HadoopS3aSteps(String bucket, Function<Throwable, String> codeOf) {
        this.bucket = bucket;
        this.steps = new Steps(codeOf);
    }

    void run() throws IOException {
        try (FileSystem fs = HadoopS3a.open(bucket, Map.of())) {
            directories(fs);
            reading(fs);
            parts(fs);
            buffers();
            HadoopJobs.run(steps, bucket);
            check(!fs.delete(path(""), true), "the root is said to be deleted");
            for (String key : keysOf(fs)) {
                fs.delete(path(key), false);
            }
        }
    }

    private void directories(FileSystem fs) {
        steps.step("mkdirs keeps nothing until a file is below", () -> {
            check(fs.mkdirs(path("a/b")), "not made");
            check(!fs.exists(path("a/b")), "it is there");
            write(fs, "a/b/c", new byte[5]);
            check(fs.getFileStatus(path("a/b")).isDirectory(), "it is no directory");
            check(fs.getContentSummary(path("a")).getFileCount() == 1, "not one file");
        });
        steps.step("exists, isFile, isDirectory", () -> {
            check(fs.exists(path("a/b/c")), "it is not there");
            check(fs.getFileStatus(path("a/b/c")).isFile(), "no file");
            check(!fs.exists(path("a/b/d")), "it is there");
        });
        steps.step("globStatus", () -> {
            int found = fs.globStatus(path("a/*/c*")).length;
            check(found == 1, "%d found", found);
        });
        steps.step("rename of a directory", () -> {
            check(fs.rename(path("a"), path("z")), "it is said not to be renamed");
            check(fs.exists(path("z/b/c")), "it is not there");
            check(!fs.exists(path("a")), "it is still there");
        });
        steps.step("delete of a directory, recursive", () -> {
            write(fs, "a/d", new byte[5]);
            check(fs.delete(path("a"), true), "it is said not to be there");
            check(!fs.exists(path("a")), "it is there");
        });
        steps.step("a bucket with _ in its name", () -> {
            HadoopS3a.request("PUT", "master.under_score");
            HadoopS3a.request("DELETE", "master.under_score");
            HadoopS3a.open("master.under_score", Map.of()).close();
        });
        steps.step("append", () -> fs.append(path("log")).close());
    }

    private void reading(FileSystem fs) {
        byte[] content = Steps.random(8 * MIB);
        for (String type : List.of("classic", "prefetch", "analytics")) {
            steps.step("open with fs.s3a.input.stream.type " + type, () -> {
                write(fs, "read", content);
                try (FileSystem other = HadoopS3a.open(
                                bucket, Map.of("fs.s3a.input.stream.type", type));
                        FSDataInputStream in = other.open(path("read"))) {
                    byte[] got = in.readAllBytes();
                    check(Arrays.equals(got, content), "%d other bytes", got.length);
                    in.seek(1000);
                    check(in.read() == (content[1000] & 0xff), "another byte");
                }
            });
        }
        steps.step("readVectored", () -> {
            try (FSDataInputStream in = fs.open(path("read"))) {
                List<FileRange> ranges = List.of(
                        FileRange.createFileRange(10, 10),
                        FileRange.createFileRange(4L * MIB, 10));
                in.readVectored(ranges, ByteBuffer::allocate);
                for (FileRange range : ranges) {
                    ByteBuffer got = range.getData().get();
                    int at = (int) range.getOffset();
                    check(got.equals(ByteBuffer.wrap(content, at, 10)), "other bytes at %d", at);
                }
            }
        });
        steps.step("openFile, whole file", () -> {
            try (FSDataInputStream in = fs.openFile(path("read"))
                    .opt("fs.option.openfile.read.policy", "whole-file").build().get()) {
                check(Arrays.equals(in.readAllBytes(), content), "other bytes");
            }
        });
    }

    /** Above fs.s3a.multipart.size, which is 64 MiB unless set. */
    private void parts(FileSystem fs) throws IOException {
        byte[] content = new byte[70 * MIB];
        steps.step("create of 70 MiB", () -> write(fs, "large", content));
        steps.step("create of 70 MiB, fs.s3a.multipart.size 2047M", () -> {
            try (FileSystem other = HadoopS3a.open(bucket, Map.of(
                    "fs.s3a.multipart.uploads.enabled", "true",
                    "fs.s3a.multipart.size", "2047M"))) {
                write(other, "large", content);
            }
        });
        try (FileSystem asItIs = HadoopS3a.open(
                bucket, Map.of("fs.s3a.multipart.uploads.enabled", "true"))) {
            steps.step("create of 70 MiB, parts left on", () -> write(asItIs, "cut", content));
            steps.step("create of 70 MiB, parts left on: leaves", () -> {
                try {
                    long size = asItIs.getFileStatus(path("cut")).getLen();
                    throw new EndsOtherwise(size / MIB + " MiB");
                } catch (FileNotFoundException nothing) {
                    throw new EndsOtherwise("nothing");
                }
            });
        }
    }

    private void buffers() {
        for (String buffer : List.of("disk", "array", "bytebuffer")) {
            steps.step("create with fs.s3a.fast.upload.buffer " + buffer, () -> {
                byte[] content = Steps.random(5 * MIB);
                try (FileSystem other = HadoopS3a.open(
                        bucket, Map.of("fs.s3a.fast.upload.buffer", buffer))) {
                    write(other, "buffered", content);
                }
            });
        }
        steps.step("create with fs.s3a.create.performance", () -> {
            try (FileSystem other = HadoopS3a.open(
                            bucket, Map.of("fs.s3a.create.performance", "true"));
                    FSDataOutputStream out = other.create(path("quick"))) {
                out.write(5);
                out.hflush();
            }
        });
    }
}
