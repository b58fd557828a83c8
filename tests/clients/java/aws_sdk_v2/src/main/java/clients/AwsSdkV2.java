package clients;

import static clients.Steps.BUCKET;
import static clients.Steps.check;

import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.core.sync.ResponseTransformer;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.BucketVersioningStatus;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.NoSuchBucketException;
import software.amazon.awssdk.services.s3.model.ObjectCannedACL;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.S3Object;
import software.amazon.awssdk.services.s3.model.Tag;

/** AWS's SDK for Java 2.x, S3Client. */
public final class AwsSdkV2 implements Client {
    private final S3Client s3 = S3Client.builder()
            .endpointOverride(V2Common.ENDPOINT)
            .region(Region.US_EAST_1)
            .forcePathStyle(true)
            .credentialsProvider(V2Common.CREDENTIALS)
            .build();

    public static void main(String[] arguments) throws Exception {
        AwsSdkV2 client = new AwsSdkV2();
        AtDefaults.runOrChecklist(client, AtDefaults.isAskedFor(arguments));
        new AwsSdkV2Steps(client, client.s3).run(BUCKET + "-own");
    }

    @Override
    public String codeOf(Throwable error) {
        return V2Common.codeOf(error);
    }

    @Override
    public void makeBucket(String bucket) {
        s3.createBucket(request -> request.bucket(bucket));
    }

    @Override
    public boolean bucketExists(String bucket) {
        try {
            s3.headBucket(request -> request.bucket(bucket));
            return true;
        } catch (NoSuchBucketException missing) {
            return false;
        }
    }

    @Override
    public List<String> buckets() {
        return s3.listBuckets().buckets().stream().map(bucket -> bucket.name()).toList();
    }

    @Override
    public String location(String bucket) {
        String found = s3.getBucketLocation(request -> request.bucket(bucket))
                .locationConstraintAsString();
        return found == null ? "" : found;
    }

    @Override
    public void removeBucket(String bucket) {
        s3.deleteBucket(request -> request.bucket(bucket));
    }

    @Override
    public void put(String key, byte[] content) {
        s3.putObject(request -> request.bucket(BUCKET).key(key), RequestBody.fromBytes(content));
    }

    @Override
    public byte[] get(String key) {
        return s3.getObjectAsBytes(request -> request.bucket(BUCKET).key(key)).asByteArray();
    }

    @Override
    public Stat stat(String key) {
        return V2Common.stat(s3.headObject(request -> request.bucket(BUCKET).key(key)));
    }

    @Override
    public byte[] getRange(String key, long first, long last) {
        return s3.getObjectAsBytes(request -> request
                        .bucket(BUCKET).key(key).range("bytes=" + first + "-" + last))
                .asByteArray();
    }

    @Override
    public void upload(Path file, String key) {
        s3.putObject(request -> request.bucket(BUCKET).key(key), RequestBody.fromFile(file));
    }

    @Override
    public void download(String key, Path file) {
        s3.getObject(
                request -> request.bucket(BUCKET).key(key), ResponseTransformer.toFile(file));
    }

    @Override
    public void delete(String key) {
        s3.deleteObject(request -> request.bucket(BUCKET).key(key));
    }

    @Override
    public void deleteMany(List<String> keys) {
        List<ObjectIdentifier> objects =
                keys.stream().map(key -> ObjectIdentifier.builder().key(key).build()).toList();
        var answer = s3.deleteObjects(request ->
                request.bucket(BUCKET).delete(delete -> delete.objects(objects)));
        check(answer.errors().isEmpty(), "%s", answer.errors());
    }

    @Override
    public String presignedGet(String key) {
        return V2Common.presignedGet(key);
    }

    @Override
    public String presignedPut(String key) {
        return V2Common.presignedPut(key);
    }

    @Override
    public void putIfNoneIsThere(String key, byte[] content) {
        s3.putObject(request -> request.bucket(BUCKET).key(key).ifNoneMatch("*"),
                RequestBody.fromBytes(content));
    }

    @Override
    public void putIfUnchanged(String key, byte[] content, String etag) {
        s3.putObject(request -> request.bucket(BUCKET).key(key).ifMatch(etag),
                RequestBody.fromBytes(content));
    }

    @Override
    public byte[] getIfChanged(String key, String etag) {
        try {
            return s3.getObjectAsBytes(request ->
                    request.bucket(BUCKET).key(key).ifNoneMatch(etag)).asByteArray();
        } catch (S3Exception error) {
            if (error.statusCode() == 304) {
                return new byte[0];
            }
            throw error;
        }
    }

    @Override
    public void putWithChecksums(String key, byte[] content) {
        for (ChecksumAlgorithm algorithm : V2Common.CHECKSUMS) {
            s3.putObject(
                    request -> request.bucket(BUCKET).key(key).checksumAlgorithm(algorithm),
                    RequestBody.fromBytes(content));
        }
    }

    @Override
    public void putWithMetadata(String key, byte[] content) {
        s3.putObject(
                request -> request.bucket(BUCKET).key(key)
                        .contentType("text/x-test").metadata(Map.of("colour", "blue")),
                RequestBody.fromBytes(content));
    }

    @Override
    public List<String> keys(String bucket) {
        return V2Common.keysOf(
                s3.listObjectsV2Paginator(request -> request.bucket(bucket)).stream().toList());
    }

    @Override
    public List<String> level(String prefix) {
        return V2Common.keysOf(s3.listObjectsV2Paginator(request ->
                request.bucket(BUCKET).prefix(prefix).delimiter("/")).stream().toList());
    }

    @Override
    public List<String> keysInPages(int page) {
        return V2Common.keysOf(s3.listObjectsV2Paginator(request ->
                request.bucket(BUCKET).maxKeys(page)).stream().toList());
    }

    @Override
    public List<String> keysByVersion1() {
        return s3.listObjects(request -> request.bucket(BUCKET))
                .contents().stream().map(S3Object::key).toList();
    }

    @Override
    public void multipart(String key, byte[] content) {
        s3.createMultipartUpload(request -> request.bucket(BUCKET).key(key));
    }

    @Override
    public void stream(String key, byte[] content) {
        s3.putObject(
                request -> request.bucket(BUCKET).key(key),
                RequestBody.fromContentProvider(
                        () -> new ByteArrayInputStream(content), "application/octet-stream"));
    }

    @Override
    public void copy(String source, String target) {
        s3.copyObject(request -> request
                .sourceBucket(BUCKET).sourceKey(source)
                .destinationBucket(BUCKET).destinationKey(target));
    }

    @Override
    public void makePublic(String key) {
        s3.putObjectAcl(request ->
                request.bucket(BUCKET).key(key).acl(ObjectCannedACL.PUBLIC_READ));
    }

    @Override
    public void tag(String key) {
        Tag colour = Tag.builder().key("colour").value("blue").build();
        s3.putObjectTagging(request ->
                request.bucket(BUCKET).key(key).tagging(tagging -> tagging.tagSet(colour)));
    }

    @Override
    public void turnVersioningOn() {
        s3.putBucketVersioning(request -> request.bucket(BUCKET).versioningConfiguration(
                versioning -> versioning.status(BucketVersioningStatus.ENABLED)));
    }

    @Override
    public void versions() {
        s3.listObjectVersions(request -> request.bucket(BUCKET));
    }
}
