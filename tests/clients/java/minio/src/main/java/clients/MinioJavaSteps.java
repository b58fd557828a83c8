package clients;

import static clients.Steps.MIB;
import static clients.Steps.check;

import io.minio.Checksum;
import io.minio.GetObjectArgs;
import io.minio.MinioAsyncClient;
import io.minio.MinioClient;
import io.minio.PutObjectArgs;
import io.minio.RemoveObjectArgs;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.Arrays;

/** What minio-java has and the checklist has not. */
final class MinioJavaSteps {
    private final MinioJava client;
    private final MinioClient minio;
    private final Steps steps;

    MinioJavaSteps(MinioJava client) {
        this.client = client;
        this.minio = client.minio;
        this.steps = new Steps(client::codeOf);
    }

    void run(String bucket) throws Exception {
        byte[] content = Steps.random(20 * MIB);
        client.makeBucket(bucket);
        steps.step("putObject of 20 MiB, part size -1", () -> put(bucket, content, -1L));
        steps.step("putObject of unknown size, in parts of 64 MiB", () ->
                minio.putObject(PutObjectArgs.builder()
                        .bucket(bucket)
                        .object("stream")
                        .stream(new ByteArrayInputStream(content), -1L, 64L * MIB)
                        .build()));
        steps.step("putObject of bytes", () -> minio.putObject(PutObjectArgs.builder()
                .bucket(bucket).object("bytes").data(content, content.length).build()));
        steps.step("putObject with SHA256 as checksum", () -> minio.putObject(
                PutObjectArgs.builder()
                        .bucket(bucket).object("sum").data(content, content.length)
                        .checksum(Checksum.Algorithm.SHA256).build()));
        steps.step("MinioAsyncClient", () -> {
            MinioAsyncClient minio = MinioAsyncClient.builder()
                    .endpoint(Steps.ENDPOINT)
                    .region("us-east-1")
                    .credentials("any", "anything")
                    .build();
            minio.putObject(PutObjectArgs.builder()
                    .bucket(bucket)
                    .object("stream")
                    .stream(new ByteArrayInputStream(content), (long) content.length,
                            MinioJava.ONE_PUT)
                    .build()).join();
            try (InputStream body = minio.getObject(
                    GetObjectArgs.builder().bucket(bucket).object("stream").build()).join()) {
                check(Arrays.equals(body.readAllBytes(), content), "other bytes came back");
            }
        });
        for (String key : client.keys(bucket)) {
            minio.removeObject(RemoveObjectArgs.builder().bucket(bucket).object(key).build());
        }
        client.removeBucket(bucket);
    }

    private void put(String bucket, byte[] content, long partSize) throws Exception {
        minio.putObject(PutObjectArgs.builder()
                .bucket(bucket)
                .object("stream")
                .stream(new ByteArrayInputStream(content), (long) content.length, partSize)
                .build());
    }
}
