package clients;

import static clients.Steps.BUCKET;
import static clients.Steps.check;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.model.BucketVersioningStatus;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.NoSuchBucketException;
import software.amazon.awssdk.services.s3.model.ObjectCannedACL;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.S3Object;
import software.amazon.awssdk.services.s3.model.Tag;
import software.amazon.awssdk.transfer.s3.S3TransferManager;

/**
 * AWS's SDK for Java 2.x, S3AsyncClient, and S3TransferManager over it.
 *
 * <p>Its first argument says which: netty, or crt. With at-defaults as the second it sends parts.
 */
public final class AwsSdkV2Async implements Client {
    final boolean isCrt;
    final S3AsyncClient s3;
    final S3TransferManager transfers;
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task);
        thread.setDaemon(true);
        return thread;
    });

    private AwsSdkV2Async(boolean isCrt, boolean atDefaults) {
        this.isCrt = isCrt;
        if (atDefaults) {
            s3 = inParts(null, null);
        } else {
            s3 = isCrt ? AsyncClients.crt(V2Common.ONE_PUT, null) : AsyncClients.netty();
        }
        transfers = S3TransferManager.builder().s3Client(s3).build();
    }

    public static void main(String[] arguments) throws Exception {
        boolean atDefaults = AtDefaults.isAskedFor(arguments);
        AwsSdkV2Async client = new AwsSdkV2Async(arguments[0].equals("crt"), atDefaults);
        AtDefaults.runOrChecklist(client, atDefaults);
        new AwsSdkV2AsyncSteps(client, Steps.folder()).run(BUCKET + "-own");
        // The CRT's own threads would keep the process.
        System.exit(0);
    }

    /** One that uploads in parts above a threshold, and downloads in parts. */
    final S3AsyncClient inParts(Long threshold, Long part) {
        return isCrt
                ? AsyncClients.crt(threshold, part) : AsyncClients.nettyInParts(threshold, part);
    }

    @Override
    public String codeOf(Throwable error) {
        return V2Common.codeOf(error);
    }

    @Override
    public void makeBucket(String bucket) {
        s3.createBucket(request -> request.bucket(bucket)).join();
    }

    @Override
    public boolean bucketExists(String bucket) {
        try {
            s3.headBucket(request -> request.bucket(bucket)).join();
            return true;
        } catch (CompletionException error) {
            if (error.getCause() instanceof NoSuchBucketException) {
                return false;
            }
            throw error;
        }
    }

    @Override
    public List<String> buckets() {
        return s3.listBuckets().join().buckets().stream().map(bucket -> bucket.name()).toList();
    }

    @Override
    public String location(String bucket) {
        String found = s3.getBucketLocation(request -> request.bucket(bucket)).join()
                .locationConstraintAsString();
        return found == null ? "" : found;
    }

    @Override
    public void removeBucket(String bucket) {
        s3.deleteBucket(request -> request.bucket(bucket)).join();
    }

    @Override
    public void put(String key, byte[] content) {
        s3.putObject(request -> request.bucket(BUCKET).key(key),
                AsyncRequestBody.fromBytes(content)).join();
    }

    private byte[] get(GetObjectRequest request) {
        return s3.getObject(request, AsyncResponseTransformer.toBytes()).join().asByteArray();
    }

    private static GetObjectRequest.Builder object(String key) {
        return GetObjectRequest.builder().bucket(BUCKET).key(key);
    }

    @Override
    public byte[] get(String key) {
        return get(object(key).build());
    }

    @Override
    public Stat stat(String key) {
        return V2Common.stat(s3.headObject(request -> request.bucket(BUCKET).key(key)).join());
    }

    @Override
    public byte[] getRange(String key, long first, long last) {
        return get(object(key).range("bytes=" + first + "-" + last).build());
    }

    @Override
    public void upload(Path file, String key) {
        transfers.uploadFile(upload -> upload
                        .source(file)
                        .putObjectRequest(put -> put.bucket(BUCKET).key(key)))
                .completionFuture().join();
    }

    @Override
    public void download(String key, Path file) {
        transfers.downloadFile(download -> download
                        .destination(file)
                        .getObjectRequest(object(key).build()))
                .completionFuture().join();
    }

    @Override
    public void delete(String key) {
        s3.deleteObject(request -> request.bucket(BUCKET).key(key)).join();
    }

    @Override
    public void deleteMany(List<String> keys) {
        List<ObjectIdentifier> objects =
                keys.stream().map(key -> ObjectIdentifier.builder().key(key).build()).toList();
        var answer = s3.deleteObjects(request ->
                request.bucket(BUCKET).delete(delete -> delete.objects(objects))).join();
        check(answer.errors().isEmpty(), "%s", answer.errors());
    }

    @Override
    public void putIfNoneIsThere(String key, byte[] content) {
        s3.putObject(request -> request.bucket(BUCKET).key(key).ifNoneMatch("*"),
                AsyncRequestBody.fromBytes(content)).join();
    }

    @Override
    public void putIfUnchanged(String key, byte[] content, String etag) {
        s3.putObject(request -> request.bucket(BUCKET).key(key).ifMatch(etag),
                AsyncRequestBody.fromBytes(content)).join();
    }

    @Override
    public byte[] getIfChanged(String key, String etag) {
        try {
            return get(object(key).ifNoneMatch(etag).build());
        } catch (CompletionException error) {
            if (error.getCause() instanceof S3Exception answer && answer.statusCode() == 304) {
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
                    AsyncRequestBody.fromBytes(content)).join();
        }
    }

    @Override
    public void putWithMetadata(String key, byte[] content) {
        s3.putObject(
                request -> request.bucket(BUCKET).key(key)
                        .contentType("text/x-test").metadata(Map.of("colour", "blue")),
                AsyncRequestBody.fromBytes(content)).join();
    }

    List<String> keys(ListObjectsV2Request request) {
        List<ListObjectsV2Response> pages = new ArrayList<>();
        s3.listObjectsV2Paginator(request).subscribe(pages::add).join();
        return V2Common.keysOf(pages);
    }

    @Override
    public List<String> keys(String bucket) {
        return keys(ListObjectsV2Request.builder().bucket(bucket).build());
    }

    @Override
    public List<String> level(String prefix) {
        return keys(ListObjectsV2Request.builder()
                .bucket(BUCKET).prefix(prefix).delimiter("/").build());
    }

    @Override
    public List<String> keysInPages(int page) {
        return keys(ListObjectsV2Request.builder().bucket(BUCKET).maxKeys(page).build());
    }

    @Override
    public List<String> keysByVersion1() {
        return s3.listObjects(request -> request.bucket(BUCKET)).join()
                .contents().stream().map(S3Object::key).toList();
    }

    @Override
    public void syncUp(Path folder, String prefix) {
        V2Common.syncUp(transfers, folder, prefix);
    }

    @Override
    public void syncDown(String prefix, Path folder) {
        V2Common.syncDown(transfers, prefix, folder);
    }

    @Override
    public void multipart(String key, byte[] content) {
        try (S3AsyncClient asItIs = inParts(null, null)) {
            asItIs.putObject(request -> request.bucket(BUCKET).key(key),
                    AsyncRequestBody.fromBytes(content)).join();
        }
    }

    @Override
    public void stream(String key, byte[] content) {
        stream(s3, BUCKET, content);
    }

    void stream(S3AsyncClient to, String bucket, byte[] content) {
        InputStream from = new ByteArrayInputStream(content);
        to.putObject(request -> request.bucket(bucket).key("stream"),
                AsyncRequestBody.fromInputStream(from, null, threads)).join();
    }

    @Override
    public void copy(String source, String target) {
        s3.copyObject(request -> request
                .sourceBucket(BUCKET).sourceKey(source)
                .destinationBucket(BUCKET).destinationKey(target)).join();
    }

    @Override
    public void makePublic(String key) {
        s3.putObjectAcl(request ->
                request.bucket(BUCKET).key(key).acl(ObjectCannedACL.PUBLIC_READ)).join();
    }

    @Override
    public void tag(String key) {
        Tag colour = Tag.builder().key("colour").value("blue").build();
        s3.putObjectTagging(request ->
                request.bucket(BUCKET).key(key).tagging(tagging -> tagging.tagSet(colour))).join();
    }

    @Override
    public void turnVersioningOn() {
        s3.putBucketVersioning(request -> request.bucket(BUCKET).versioningConfiguration(
                versioning -> versioning.status(BucketVersioningStatus.ENABLED))).join();
    }

    @Override
    public void versions() {
        s3.listObjectVersions(request -> request.bucket(BUCKET)).join();
    }
}
