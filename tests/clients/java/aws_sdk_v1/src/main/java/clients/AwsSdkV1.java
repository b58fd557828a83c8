package clients;

import static clients.Steps.BUCKET;

import com.amazonaws.AmazonServiceException;
import com.amazonaws.HttpMethod;
import com.amazonaws.auth.AWSStaticCredentialsProvider;
import com.amazonaws.auth.BasicAWSCredentials;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.s3.AmazonS3;
import com.amazonaws.services.s3.AmazonS3ClientBuilder;
import com.amazonaws.services.s3.model.BucketVersioningConfiguration;
import com.amazonaws.services.s3.model.CannedAccessControlList;
import com.amazonaws.services.s3.model.DeleteObjectsRequest;
import com.amazonaws.services.s3.model.GetObjectRequest;
import com.amazonaws.services.s3.model.ListObjectsV2Request;
import com.amazonaws.services.s3.model.ListObjectsV2Result;
import com.amazonaws.services.s3.model.ListVersionsRequest;
import com.amazonaws.services.s3.model.ObjectListing;
import com.amazonaws.services.s3.model.ObjectMetadata;
import com.amazonaws.services.s3.model.ObjectTagging;
import com.amazonaws.services.s3.model.PutObjectRequest;
import com.amazonaws.services.s3.model.S3Object;
import com.amazonaws.services.s3.model.S3ObjectSummary;
import com.amazonaws.services.s3.model.SetBucketVersioningConfigurationRequest;
import com.amazonaws.services.s3.model.SetObjectTaggingRequest;
import com.amazonaws.services.s3.model.Tag;
import com.amazonaws.services.s3.transfer.TransferManager;
import com.amazonaws.services.s3.transfer.TransferManagerBuilder;
import com.amazonaws.util.IOUtils;
import com.amazonaws.util.Md5Utils;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;

/** AWS's SDK for Java 1.x: AmazonS3, and TransferManager over it. */
public final class AwsSdkV1 implements Client {
    /** Above every object's size. */
    private static final long ONE_PUT = 5L * 1024 * Steps.MIB;

    final AmazonS3 s3 = AmazonS3ClientBuilder.standard()
            .withEndpointConfiguration(new EndpointConfiguration(Steps.ENDPOINT, "us-east-1"))
            .withPathStyleAccessEnabled(true)
            .withCredentials(new AWSStaticCredentialsProvider(
                    new BasicAWSCredentials("any", "anything")))
            .build();
    final TransferManager transfers;

    private AwsSdkV1(Long threshold) {
        TransferManagerBuilder builder = TransferManagerBuilder.standard().withS3Client(s3);
        builder.setMultipartUploadThreshold(threshold);
        transfers = builder.build();
    }

    public static void main(String[] arguments) throws Exception {
        boolean atDefaults = AtDefaults.isAskedFor(arguments);
        AwsSdkV1 client = new AwsSdkV1(atDefaults ? null : ONE_PUT);
        AtDefaults.runOrChecklist(client, atDefaults);
        new AwsSdkV1Steps(client, Steps.folder()).run(BUCKET + "-own");
        client.transfers.shutdownNow();
    }

    @Override
    public String codeOf(Throwable error) {
        if (error instanceof AmazonServiceException service && service.getErrorCode() != null) {
            return service.getErrorCode();
        }
        return error.getClass().getSimpleName();
    }

    @Override
    public void makeBucket(String bucket) {
        s3.createBucket(bucket);
    }

    @Override
    @SuppressWarnings("deprecation")
    public boolean bucketExists(String bucket) {
        return s3.doesBucketExist(bucket);
    }

    @Override
    public List<String> buckets() {
        return s3.listBuckets().stream().map(bucket -> bucket.getName()).toList();
    }

    @Override
    public String location(String bucket) {
        return s3.getBucketLocation(bucket);
    }

    @Override
    public void removeBucket(String bucket) {
        s3.deleteBucket(bucket);
    }

    private static ObjectMetadata sized(byte[] content) {
        ObjectMetadata metadata = new ObjectMetadata();
        metadata.setContentLength(content.length);
        return metadata;
    }

    @Override
    public void put(String key, byte[] content) {
        s3.putObject(BUCKET, key, new ByteArrayInputStream(content), sized(content));
    }

    private static byte[] contentOf(S3Object object) throws IOException {
        try (object) {
            return IOUtils.toByteArray(object.getObjectContent());
        }
    }

    @Override
    public byte[] get(String key) throws IOException {
        return contentOf(s3.getObject(BUCKET, key));
    }

    @Override
    public Stat stat(String key) {
        ObjectMetadata found = s3.getObjectMetadata(BUCKET, key);
        return new Stat(found.getContentLength(), found.getETag(),
                found.getContentType() + " " + found.getUserMetadata());
    }

    @Override
    public byte[] getRange(String key, long first, long last) throws IOException {
        return contentOf(s3.getObject(new GetObjectRequest(BUCKET, key).withRange(first, last)));
    }

    @Override
    public void upload(Path file, String key) throws InterruptedException {
        transfers.upload(BUCKET, key, file.toFile()).waitForCompletion();
    }

    @Override
    public void download(String key, Path file) throws InterruptedException {
        transfers.download(BUCKET, key, file.toFile()).waitForCompletion();
    }

    @Override
    public void delete(String key) {
        s3.deleteObject(BUCKET, key);
    }

    @Override
    public void deleteMany(List<String> keys) {
        s3.deleteObjects(new DeleteObjectsRequest(BUCKET).withKeys(keys.toArray(new String[0])));
    }

    private static Date inAMinute() {
        return Date.from(Instant.now().plus(Duration.ofMinutes(1)));
    }

    @Override
    public String presignedGet(String key) {
        return s3.generatePresignedUrl(BUCKET, key, inAMinute()).toString();
    }

    @Override
    public String presignedPut(String key) {
        return s3.generatePresignedUrl(BUCKET, key, inAMinute(), HttpMethod.PUT).toString();
    }

    @Override
    public void putIfNoneIsThere(String key, byte[] content) {
        putIf(key, content, "If-None-Match", "*");
    }

    @Override
    public void putIfUnchanged(String key, byte[] content, String etag) {
        putIf(key, content, "If-Match", etag);
    }

    private void putIf(String key, byte[] content, String condition, String value) {
        PutObjectRequest request = new PutObjectRequest(
                BUCKET, key, new ByteArrayInputStream(content), sized(content));
        // It has nothing of its own for them.
        request.putCustomRequestHeader(condition, value);
        s3.putObject(request);
    }

    @Override
    public byte[] getIfChanged(String key, String etag) throws IOException {
        S3Object object = s3.getObject(
                new GetObjectRequest(BUCKET, key).withNonmatchingETagConstraint(etag));
        // Null is what it has for a 304.
        return object == null ? new byte[0] : contentOf(object);
    }

    @Override
    public void putWithChecksums(String key, byte[] content) {
        ObjectMetadata metadata = sized(content);
        metadata.setContentMD5(Md5Utils.md5AsBase64(content));
        s3.putObject(BUCKET, key, new ByteArrayInputStream(content), metadata);
    }

    @Override
    public void putWithMetadata(String key, byte[] content) {
        ObjectMetadata metadata = sized(content);
        metadata.setContentType("text/x-test");
        metadata.addUserMetadata("colour", "blue");
        s3.putObject(BUCKET, key, new ByteArrayInputStream(content), metadata);
    }

    private List<String> keys(ListObjectsV2Request request) {
        List<String> keys = new ArrayList<>();
        ListObjectsV2Result page;
        do {
            page = s3.listObjectsV2(request);
            page.getObjectSummaries().forEach(object -> keys.add(object.getKey()));
            keys.addAll(page.getCommonPrefixes());
            request.setContinuationToken(page.getNextContinuationToken());
        } while (page.isTruncated());
        return keys;
    }

    @Override
    public List<String> keys(String bucket) {
        return keys(new ListObjectsV2Request().withBucketName(bucket));
    }

    @Override
    public List<String> level(String prefix) {
        return keys(new ListObjectsV2Request()
                .withBucketName(BUCKET).withPrefix(prefix).withDelimiter("/"));
    }

    @Override
    public List<String> keysInPages(int page) {
        return keys(new ListObjectsV2Request().withBucketName(BUCKET).withMaxKeys(page));
    }

    @Override
    public List<String> keysByVersion1() {
        ObjectListing page = s3.listObjects(BUCKET);
        return page.getObjectSummaries().stream().map(S3ObjectSummary::getKey).toList();
    }

    @Override
    public void syncUp(Path folder, String prefix) throws InterruptedException {
        transfers.uploadDirectory(BUCKET, prefix, folder.toFile(), true).waitForCompletion();
    }

    @Override
    public void syncDown(String prefix, Path folder) throws InterruptedException, IOException {
        Path into = Steps.folder();
        transfers.downloadDirectory(BUCKET, prefix, into.toFile()).waitForCompletion();
        // It keeps the prefix.
        Files.move(into.resolve(prefix), folder);
    }

    @Override
    public void multipart(String key, byte[] content) throws Exception {
        File large = Files.write(Steps.folder().resolve("large"), content).toFile();
        TransferManager asItIs = TransferManagerBuilder.standard().withS3Client(s3).build();
        try {
            asItIs.upload(BUCKET, key, large).waitForCompletion();
        } finally {
            asItIs.shutdownNow(false);
        }
    }

    @Override
    public void stream(String key, byte[] content) {
        s3.putObject(BUCKET, key, new ByteArrayInputStream(content), new ObjectMetadata());
    }

    @Override
    public void copy(String source, String target) {
        s3.copyObject(BUCKET, source, BUCKET, target);
    }

    @Override
    public void makePublic(String key) {
        s3.setObjectAcl(BUCKET, key, CannedAccessControlList.PublicRead);
    }

    @Override
    public void tag(String key) {
        s3.setObjectTagging(new SetObjectTaggingRequest(
                BUCKET, key, new ObjectTagging(List.of(new Tag("colour", "blue")))));
    }

    @Override
    public void turnVersioningOn() {
        s3.setBucketVersioningConfiguration(new SetBucketVersioningConfigurationRequest(
                BUCKET, new BucketVersioningConfiguration(BucketVersioningConfiguration.ENABLED)));
    }

    @Override
    public void versions() {
        s3.listVersions(new ListVersionsRequest().withBucketName(BUCKET));
    }
}
