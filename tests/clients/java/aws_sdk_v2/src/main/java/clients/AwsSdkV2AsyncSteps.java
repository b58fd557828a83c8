package clients;

import static clients.Steps.MIB;
import static clients.Steps.check;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.core.async.BlockingOutputStreamAsyncRequestBody;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.transfer.s3.S3TransferManager;
import software.amazon.awssdk.transfer.s3.progress.LoggingTransferListener;

/** What S3AsyncClient and S3TransferManager have and the checklist has not. */
final class AwsSdkV2AsyncSteps {
    private final AwsSdkV2Async client;
    private final Path folder;
    private final Steps steps;

    AwsSdkV2AsyncSteps(AwsSdkV2Async client, Path folder) {
        this.client = client;
        this.folder = folder;
        this.steps = new Steps(client::codeOf);
    }

    void run(String bucket) {
        byte[] content = Steps.random(20 * MIB);
        client.makeBucket(bucket);
        steps.step("putObject by forBlockingOutputStream", () -> {
            BlockingOutputStreamAsyncRequestBody body =
                    AsyncRequestBody.forBlockingOutputStream((long) content.length);
            var answer = client.s3.putObject(request -> request.bucket(bucket).key("stream"), body);
            try (var into = body.outputStream()) {
                into.write(content);
            }
            answer.join();
        });
        steps.step("getObject by toBlockingInputStream", () -> {
            try (var body = client.s3.getObject(
                    request -> request.bucket(bucket).key("stream"),
                    AsyncResponseTransformer.toBlockingInputStream()).join()) {
                check(Arrays.equals(body.readAllBytes(), content), "other bytes came back");
            }
        });
        steps.step("S3TransferManager.upload with a listener", () -> client.transfers
                .upload(upload -> upload
                        .putObjectRequest(put -> put.bucket(bucket).key("listened"))
                        .requestBody(AsyncRequestBody.fromBytes(content))
                        .addTransferListener(LoggingTransferListener.create()))
                .completionFuture().join());
        steps.step("S3TransferManager.copy", () -> client.transfers.copy(copy -> copy
                .copyObjectRequest(request -> request
                        .sourceBucket(bucket).sourceKey("stream")
                        .destinationBucket(bucket).destinationKey("copied")))
                .completionFuture().join());
        steps.step("uploadFile of 20 MiB in parts", () -> {
            try (S3AsyncClient asItIs = client.inParts(null, null)) {
                uploadFile(asItIs, bucket, content);
            }
        });
        steps.step("stream of unknown size, minimumPartSizeInBytes(64 MiB)", () -> {
            try (S3AsyncClient wide = client.inParts(V2Common.ONE_PUT, 64L * MIB)) {
                client.stream(wide, bucket, content);
            }
        });
        if (!client.isCrt) {
            inParts(bucket, content);
        }
        for (String key : client.keys(bucket)) {
            client.s3.deleteObject(request -> request.bucket(bucket).key(key)).join();
        }
        client.removeBucket(bucket);
    }

    /** With multipartEnabled(true). What is empty is not got as bytes: the SDK may wait forever. */
    private void inParts(String bucket, byte[] content) {
        S3AsyncClient inParts = AsyncClients.nettyInParts(V2Common.ONE_PUT, null);
        steps.step("multipartEnabled: uploadFile of 20 MiB, thresholdInBytes(5 GiB)",
                () -> uploadFile(inParts, bucket, content));
        steps.step("multipartEnabled: getObject", () -> {
            byte[] got = inParts.getObject(
                    request -> request.bucket(bucket).key("large"),
                    AsyncResponseTransformer.toBytes()).join().asByteArray();
            check(Arrays.equals(got, content), "%d other bytes came back", got.length);
        });
        steps.step("multipartEnabled: downloadFile of 20 MiB",
                () -> downloadFile(inParts, bucket, "large", content));
        steps.step("multipartEnabled: downloadFile of 0 B", () -> {
            client.s3.putObject(request -> request.bucket(bucket).key("empty"),
                    AsyncRequestBody.empty()).join();
            downloadFile(inParts, bucket, "empty", new byte[0]);
        });
        inParts.close();
    }

    private void downloadFile(S3AsyncClient by, String bucket, String key, byte[] content)
            throws IOException {
        Path down = folder.resolve("down-" + key);
        try (S3TransferManager downloads = S3TransferManager.builder().s3Client(by).build()) {
            downloads.downloadFile(download -> download
                            .destination(down)
                            .getObjectRequest(get -> get.bucket(bucket).key(key)))
                    .completionFuture().join();
        }
        byte[] got = Files.readAllBytes(down);
        check(Arrays.equals(got, content), "%d other bytes came back", got.length);
    }

    private void uploadFile(S3AsyncClient by, String bucket, byte[] content)
            throws IOException {
        Path large = Files.write(folder.resolve("large"), content);
        try (S3TransferManager uploads = S3TransferManager.builder().s3Client(by).build()) {
            uploads.uploadFile(upload -> upload
                            .source(large)
                            .putObjectRequest(put -> put.bucket(bucket).key("large")))
                    .completionFuture().join();
        }
    }
}
