package clients;

import static clients.Steps.MIB;
import static clients.Steps.check;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.Arrays;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/** What S3Client has and the checklist has not. */
final class AwsSdkV2Steps {
    private final AwsSdkV2 client;
    private final S3Client s3;
    private final Steps steps;

    AwsSdkV2Steps(AwsSdkV2 client, S3Client s3) {
        this.client = client;
        this.s3 = s3;
        this.steps = new Steps(client::codeOf);
    }

    void run(String bucket) {
        byte[] content = Steps.random(20 * MIB);
        steps.step("waiter: until the bucket is there, until it is gone", () -> {
            client.makeBucket(bucket);
            s3.waiter().waitUntilBucketExists(request -> request.bucket(bucket));
            client.removeBucket(bucket);
            s3.waiter().waitUntilBucketNotExists(request -> request.bucket(bucket));
            client.makeBucket(bucket);
        });
        steps.step("putObject of an InputStream with its length", () -> {
            try (InputStream from = new ByteArrayInputStream(content)) {
                s3.putObject(request -> request.bucket(bucket).key("stream"),
                        RequestBody.fromInputStream(from, content.length));
            }
        });
        steps.step("getObject as an InputStream", () -> {
            try (var body = s3.getObject(request -> request.bucket(bucket).key("stream"))) {
                check(Arrays.equals(body.readAllBytes(), content), "other bytes came back");
            }
        });
        steps.step("getObject: a few bytes, then abort", () -> {
            ResponseInputStream<GetObjectResponse> body =
                    s3.getObject(request -> request.bucket(bucket).key("stream"));
            byte[] begin = body.readNBytes(1000);
            body.abort();
            check(Arrays.equals(begin, Arrays.copyOf(content, 1000)), "other bytes came back");
        });
        parts(bucket, content);
        s3.deleteObject(request -> request.bucket(bucket).key("stream"));
        client.removeBucket(bucket);
    }

    /** How those begin that download in parts. */
    private void parts(String bucket, byte[] content) {
        steps.step("getObject of partNumber 1 is the whole object", () -> {
            var got = s3.getObjectAsBytes(request ->
                    request.bucket(bucket).key("stream").partNumber(1));
            check(Arrays.equals(got.asByteArray(), content), "other bytes came back");
            String range = "bytes 0-" + (content.length - 1) + "/" + content.length;
            check(range.equals(got.response().contentRange()), got.response().contentRange());
        });
        steps.step("headObject of partNumber 1", () -> {
            var got = s3.headObject(request ->
                    request.bucket(bucket).key("stream").partNumber(1));
            check(got.contentLength() == content.length, "size %d", got.contentLength());
        });
        steps.step("getObject of partNumber 2", () -> s3.getObjectAsBytes(request ->
                request.bucket(bucket).key("stream").partNumber(2)));
    }
}
