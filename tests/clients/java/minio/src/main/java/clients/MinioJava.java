package clients;

import static clients.Steps.BUCKET;

import io.minio.BucketExistsArgs;
import io.minio.Checksum;
import io.minio.CopyObjectArgs;
import io.minio.DownloadObjectArgs;
import io.minio.GetObjectArgs;
import io.minio.GetPresignedObjectUrlArgs;
import io.minio.Http;
import io.minio.ListObjectsArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.PutObjectArgs;
import io.minio.RemoveBucketArgs;
import io.minio.RemoveObjectArgs;
import io.minio.RemoveObjectsArgs;
import io.minio.Result;
import io.minio.SetBucketPolicyArgs;
import io.minio.SetBucketVersioningArgs;
import io.minio.SetObjectTagsArgs;
import io.minio.SourceObject;
import io.minio.StatObjectArgs;
import io.minio.StatObjectResponse;
import io.minio.UploadObjectArgs;
import io.minio.errors.ErrorResponseException;
import io.minio.errors.ServerException;
import io.minio.messages.DeleteRequest;
import io.minio.messages.DeleteResult;
import io.minio.messages.Item;
import io.minio.messages.VersioningConfiguration;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** minio-java, MinioClient. */
public final class MinioJava implements Client {
    /** The largest part that there is: up to it an object goes in one PUT. */
    static final long ONE_PUT = 5L * 1024 * Steps.MIB;

    final MinioClient minio = MinioClient.builder()
            .endpoint(Steps.ENDPOINT)
            .region("us-east-1")
            .credentials("any", "anything")
            .build();

    /** ONE_PUT, or -1, which lets the client choose. */
    private final Long part;

    private MinioJava(Long part) {
        this.part = part;
    }

    public static void main(String[] arguments) throws Exception {
        boolean atDefaults = AtDefaults.isAskedFor(arguments);
        MinioJava client = new MinioJava(atDefaults ? -1L : ONE_PUT);
        AtDefaults.runOrChecklist(client, atDefaults);
        new MinioJavaSteps(client).run(BUCKET + "-own");
        // okhttp's idle threads would keep the process for a minute.
        System.exit(0);
    }

    @Override
    public String codeOf(Throwable error) {
        for (Throwable one = error; one != null; one = one.getCause()) {
            if (one instanceof ErrorResponseException answer) {
                return answer.errorResponse().code();
            }
        }
        return error.getClass().getSimpleName();
    }

    @Override
    public void makeBucket(String bucket) throws Exception {
        minio.makeBucket(MakeBucketArgs.builder().bucket(bucket).build());
    }

    @Override
    public boolean bucketExists(String bucket) throws Exception {
        return minio.bucketExists(BucketExistsArgs.builder().bucket(bucket).build());
    }

    @Override
    public List<String> buckets() throws Exception {
        return minio.listBuckets().stream().map(bucket -> bucket.name()).toList();
    }

    @Override
    public void removeBucket(String bucket) throws Exception {
        minio.removeBucket(RemoveBucketArgs.builder().bucket(bucket).build());
    }

    /** An object to put, of a size that is known. */
    private PutObjectArgs.Builder object(String key, byte[] content) {
        return PutObjectArgs.builder()
                .bucket(BUCKET)
                .object(key)
                .stream(new ByteArrayInputStream(content), (long) content.length, part);
    }

    @Override
    public void put(String key, byte[] content) throws Exception {
        minio.putObject(object(key, content).build());
    }

    private byte[] get(GetObjectArgs.Builder object) throws Exception {
        try (InputStream body = minio.getObject(object.build())) {
            return body.readAllBytes();
        }
    }

    private static GetObjectArgs.Builder object(String key) {
        return GetObjectArgs.builder().bucket(BUCKET).object(key);
    }

    @Override
    public byte[] get(String key) throws Exception {
        return get(object(key));
    }

    @Override
    public Stat stat(String key) throws Exception {
        StatObjectResponse found =
                minio.statObject(StatObjectArgs.builder().bucket(BUCKET).object(key).build());
        return new Stat(found.size(), found.etag(),
                found.contentType() + " " + found.userMetadata());
    }

    @Override
    public byte[] getRange(String key, long first, long last) throws Exception {
        return get(object(key).offset(first).length(last - first + 1));
    }

    @Override
    public void upload(Path file, String key) throws Exception {
        UploadObjectArgs.Builder upload = UploadObjectArgs.builder().bucket(BUCKET).object(key);
        minio.uploadObject((part == ONE_PUT
                ? upload.filename(file.toString(), ONE_PUT)
                : upload.filename(file.toString())).build());
    }

    @Override
    public void download(String key, Path file) throws Exception {
        minio.downloadObject(DownloadObjectArgs.builder()
                .bucket(BUCKET).object(key).filename(file.toString()).build());
    }

    @Override
    public void delete(String key) throws Exception {
        minio.removeObject(RemoveObjectArgs.builder().bucket(BUCKET).object(key).build());
    }

    @Override
    public void deleteMany(List<String> keys) throws Exception {
        List<DeleteRequest.Object> objects =
                keys.stream().map(key -> new DeleteRequest.Object(key)).toList();
        // Nothing is sent until it is read.
        for (Result<DeleteResult.Error> error : minio.removeObjects(
                RemoveObjectsArgs.builder().bucket(BUCKET).objects(objects).build())) {
            throw new AssertionError(error.get().toString());
        }
    }

    private String presigned(Http.Method method, String key) throws Exception {
        return minio.getPresignedObjectUrl(GetPresignedObjectUrlArgs.builder()
                .method(method).bucket(BUCKET).object(key).expiry(1, TimeUnit.MINUTES).build());
    }

    @Override
    public String presignedGet(String key) throws Exception {
        return presigned(Http.Method.GET, key);
    }

    @Override
    public String presignedPut(String key) throws Exception {
        return presigned(Http.Method.PUT, key);
    }

    @Override
    public void putIfNoneIsThere(String key, byte[] content) throws Exception {
        minio.putObject(object(key, content).headers(Map.of("If-None-Match", "*")).build());
    }

    @Override
    public void putIfUnchanged(String key, byte[] content, String etag) throws Exception {
        minio.putObject(object(key, content).headers(Map.of("If-Match", etag)).build());
    }

    @Override
    public byte[] getIfChanged(String key, String etag) throws Exception {
        try {
            return get(object(key).notMatchETag(etag));
        } catch (ServerException error) {
            if (error.statusCode() == 304) {
                return new byte[0];
            }
            throw error;
        }
    }

    @Override
    public void putWithChecksums(String key, byte[] content) throws Exception {
        for (Checksum.Algorithm algorithm : Checksum.Algorithm.values()) {
            // The others it refuses by itself for what is no multipart upload.
            if (algorithm.fullObjectSupport()) {
                minio.putObject(object(key, content).checksum(algorithm).build());
            }
        }
    }

    @Override
    public void putWithMetadata(String key, byte[] content) throws Exception {
        minio.putObject(object(key, content)
                .contentType("text/x-test").userMetadata(Map.of("colour", "blue")).build());
    }

    private List<String> keys(ListObjectsArgs.Builder listing) throws Exception {
        List<String> keys = new ArrayList<>();
        for (Result<Item> item : minio.listObjects(listing.build())) {
            keys.add(item.get().objectName());
        }
        return keys;
    }

    @Override
    public List<String> keys(String bucket) throws Exception {
        return keys(ListObjectsArgs.builder().bucket(bucket).recursive(true));
    }

    @Override
    public List<String> level(String prefix) throws Exception {
        return keys(ListObjectsArgs.builder().bucket(BUCKET).prefix(prefix));
    }

    @Override
    public List<String> keysInPages(int page) throws Exception {
        return keys(ListObjectsArgs.builder().bucket(BUCKET).recursive(true).maxKeys(page));
    }

    @Override
    public List<String> keysByVersion1() throws Exception {
        return keys(ListObjectsArgs.builder().bucket(BUCKET).recursive(true).useApiVersion1(true));
    }

    @Override
    public void multipart(String key, byte[] content) throws Exception {
        Path large = Files.write(Steps.folder().resolve("large"), content);
        // In parts of 5 MiB.
        minio.uploadObject(UploadObjectArgs.builder()
                .bucket(BUCKET).object(key).filename(large.toString()).build());
    }

    @Override
    public void stream(String key, byte[] content) throws Exception {
        InputStream from = new ByteArrayInputStream(content);
        minio.putObject(PutObjectArgs.builder()
                .bucket(BUCKET).object(key).stream(from, -1L, 10L * Steps.MIB).build());
    }

    @Override
    public void copy(String source, String target) throws Exception {
        minio.copyObject(CopyObjectArgs.builder()
                .bucket(BUCKET)
                .object(target)
                .source(SourceObject.builder().bucket(BUCKET).object(source).build())
                .build());
    }

    @Override
    public void makePublic(String key) throws Exception {
        String policy = "{\"Version\": \"2012-10-17\", \"Statement\": []}";
        minio.setBucketPolicy(SetBucketPolicyArgs.builder().bucket(BUCKET).config(policy).build());
    }

    @Override
    public void tag(String key) throws Exception {
        minio.setObjectTags(SetObjectTagsArgs.builder()
                .bucket(BUCKET).object(key).tags(Map.of("colour", "blue")).build());
    }

    @Override
    public void turnVersioningOn() throws Exception {
        minio.setBucketVersioning(SetBucketVersioningArgs.builder()
                .bucket(BUCKET)
                .config(new VersioningConfiguration(
                        VersioningConfiguration.Status.ENABLED, null, null, null))
                .build());
    }

    @Override
    public void versions() throws Exception {
        keys(ListObjectsArgs.builder().bucket(BUCKET).includeVersions(true));
    }
}
