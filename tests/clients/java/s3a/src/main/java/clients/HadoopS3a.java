package clients;

import static clients.Steps.BUCKET;
import static clients.Steps.MIB;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.time.format.DateTimeFormatter.RFC_1123_DATE_TIME;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.BulkDelete;
import org.apache.hadoop.fs.EtagSource;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FileUtil;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.RemoteIterator;
import software.amazon.awssdk.awscore.exception.AwsServiceException;

/** Hadoop's S3A, through FileSystem, with the core-site.xml in the home directory. */
public final class HadoopS3a implements Client {
    /** What turns on what the page turns off. */
    private static final Map<String, String> IN_PARTS =
            Map.of("fs.s3a.multipart.uploads.enabled", "true");

    private static boolean atDefaults;

    final FileSystem fs = open(BUCKET, Map.of());

    private HadoopS3a() throws IOException {}

    public static void main(String[] arguments) throws Exception {
        // It makes and removes no buckets.
        request("PUT", BUCKET);
        atDefaults = AtDefaults.isAskedFor(arguments);
        HadoopS3a client = new HadoopS3a();
        AtDefaults.runOrChecklist(client, atDefaults);
        request("PUT", BUCKET + "-own");
        new HadoopS3aSteps(BUCKET + "-own", client::codeOf).run();
        request("DELETE", BUCKET);
        request("DELETE", BUCKET + "-own");
        System.exit(0);
    }

    /** A request for a bucket, signed with version 2, which takes no more than this. */
    static void request(String method, String bucket) throws Exception {
        String date = RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC));
        Mac mac = Mac.getInstance("HmacSHA1");
        mac.init(new SecretKeySpec("anything".getBytes(UTF_8), "HmacSHA1"));
        byte[] digest = mac.doFinal((method + "\n\n\n" + date + "\n/" + bucket).getBytes(UTF_8));
        URI uri = URI.create(Steps.ENDPOINT + "/" + bucket);
        HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
        connection.setRequestMethod(method);
        connection.setRequestProperty("Date", date);
        connection.setRequestProperty(
                "Authorization", "AWS any:" + Base64.getEncoder().encodeToString(digest));
        Steps.check(connection.getResponseCode() < 300, "%s %s", method, bucket);
    }

    /** A file system with the settings of the page, and with others. */
    static FileSystem open(String bucket, Map<String, String> more) throws IOException {
        Configuration settings = new Configuration();
        settings.addResource(Path.of(System.getenv("HOME"), "core-site.xml").toUri().toURL());
        if (atDefaults) {
            IN_PARTS.forEach(settings::set);
        }
        more.forEach(settings::set);
        return FileSystem.newInstance(URI.create("s3a://" + bucket + "/"), settings);
    }

    static org.apache.hadoop.fs.Path path(String key) {
        return new org.apache.hadoop.fs.Path("/" + key);
    }

    @Override
    public String codeOf(Throwable error) {
        for (Throwable one = error; one != null; one = one.getCause()) {
            if (one instanceof AwsServiceException service
                    && service.awsErrorDetails() != null
                    && service.awsErrorDetails().errorCode() != null) {
                return service.awsErrorDetails().errorCode();
            }
        }
        return error.getClass().getSimpleName();
    }

    @Override
    public void put(String key, byte[] content) throws IOException {
        write(fs, key, content);
    }

    static void write(FileSystem fs, String key, byte[] content) throws IOException {
        try (FSDataOutputStream out = fs.create(path(key), true)) {
            out.write(content);
        }
    }

    @Override
    public byte[] get(String key) throws IOException {
        try (FSDataInputStream in = fs.open(path(key))) {
            return in.readAllBytes();
        }
    }

    @Override
    public Stat stat(String key) throws IOException {
        FileStatus status = fs.getFileStatus(path(key));
        StringBuilder shown = new StringBuilder();
        fs.getXAttrs(path(key)).forEach((name, value) ->
                shown.append(name).append('=').append(new String(value)).append(' '));
        String etag = ((EtagSource) status).getEtag().replace("\"", "");
        return new Stat(status.getLen(), etag, shown.toString());
    }

    @Override
    public byte[] getRange(String key, long first, long last) throws IOException {
        byte[] part = new byte[(int) (last - first + 1)];
        try (FSDataInputStream in = fs.open(path(key))) {
            in.readFully(first, part);
        }
        return part;
    }

    @Override
    public void upload(Path file, String key) throws IOException {
        fs.copyFromLocalFile(new org.apache.hadoop.fs.Path(file.toUri()), path(key));
    }

    @Override
    public void download(String key, Path file) throws IOException {
        fs.copyToLocalFile(path(key), new org.apache.hadoop.fs.Path(file.toUri()));
    }

    @Override
    public void delete(String key) throws IOException {
        Steps.check(fs.delete(path(key), false), "it is said not to be there");
    }

    @Override
    public void deleteMany(List<String> keys) throws IOException {
        org.apache.hadoop.fs.Path root = fs.makeQualified(path(""));
        try (BulkDelete bulk = fs.createBulkDelete(root)) {
            var failed = bulk.bulkDelete(
                    keys.stream().map(key -> fs.makeQualified(path(key))).toList());
            Steps.check(failed.isEmpty(), "%s", failed);
        }
    }

    @Override
    public void putIfNoneIsThere(String key, byte[] content) throws IOException {
        try (FSDataOutputStream out = fs.create(path(key), false)) {
            out.write(content);
        }
    }

    @Override
    public void putIfUnchanged(String key, byte[] content, String etag) throws IOException {
        try (FSDataOutputStream out = (FSDataOutputStream) fs.createFile(path(key))
                .overwrite(true)
                .must("fs.option.create.conditional.overwrite.etag", etag)
                .build()) {
            out.write(content);
        }
    }

    @Override
    public void putWithChecksums(String key, byte[] content) throws IOException {
        for (String algorithm : List.of("CRC32", "CRC32C", "SHA1", "SHA256")) {
            try (FileSystem other =
                    open(BUCKET, Map.of("fs.s3a.create.checksum.algorithm", algorithm))) {
                write(other, key, content);
            }
        }
    }

    @Override
    public void putWithMetadata(String key, byte[] content) throws IOException {
        try (FSDataOutputStream out = (FSDataOutputStream) fs.createFile(path(key))
                .overwrite(true)
                .must("fs.s3a.create.header.colour", "blue")
                .must("fs.s3a.create.header.Content-Type", "text/x-test")
                .build()) {
            out.write(content);
        }
    }

    static List<String> keysOf(FileSystem fs) throws IOException {
        List<String> keys = new ArrayList<>();
        RemoteIterator<LocatedFileStatus> files = fs.listFiles(path(""), true);
        while (files.hasNext()) {
            keys.add(files.next().getPath().toUri().getPath().substring(1));
        }
        keys.sort(null);
        return keys;
    }

    @Override
    public List<String> keys(String bucket) throws IOException {
        if (bucket.equals(BUCKET)) {
            return keysOf(fs);
        }
        try (FileSystem other = open(bucket, Map.of())) {
            return keysOf(other);
        }
    }

    @Override
    public List<String> level(String prefix) throws IOException {
        List<String> keys = new ArrayList<>();
        for (FileStatus status : fs.listStatus(path(prefix))) {
            String key = status.getPath().toUri().getPath().substring(1);
            keys.add(status.isDirectory() ? key + "/" : key);
        }
        return keys;
    }

    @Override
    public List<String> keysInPages(int page) throws IOException {
        try (FileSystem other =
                open(BUCKET, Map.of("fs.s3a.paging.maximum", String.valueOf(page)))) {
            return keysOf(other);
        }
    }

    @Override
    public List<String> keysByVersion1() throws IOException {
        try (FileSystem other = open(BUCKET, Map.of("fs.s3a.list.version", "1"))) {
            return keysOf(other);
        }
    }

    @Override
    public void syncUp(Path folder, String prefix) throws IOException {
        // The folder has the prefix's name, and comes into the directory that it is copied to.
        fs.copyFromLocalFile(
                false, true, new org.apache.hadoop.fs.Path(folder.toUri()), path(""));
    }

    @Override
    public void syncDown(String prefix, Path folder) throws IOException {
        // Without the .crc files that Hadoop keeps beside local files.
        fs.copyToLocalFile(
                false, path(prefix), new org.apache.hadoop.fs.Path(folder.toUri()), true);
    }

    @Override
    public void multipart(String key, byte[] content) throws IOException {
        Map<String, String> inParts = Map.of(
                "fs.s3a.multipart.uploads.enabled", "true",
                "fs.s3a.multipart.size", "5M");
        try (FileSystem other = open(BUCKET, inParts)) {
            write(other, key, content);
        }
    }

    @Override
    public void stream(String key, byte[] content) throws IOException {
        try (FSDataOutputStream out = fs.create(path(key))) {
            for (int at = 0; at < content.length; at += MIB) {
                out.write(content, at, MIB);
            }
        }
    }

    @Override
    public void copy(String source, String target) throws IOException {
        FileUtil.copy(fs, path(source), fs, path(target), false, fs.getConf());
    }

    @Override
    public void move(String source, String target) throws IOException {
        Steps.check(fs.rename(path(source), path(target)), "it is said not to be renamed");
    }
}
