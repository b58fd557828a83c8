package clients;

import static clients.Steps.MIB;
import static clients.Steps.check;

import com.amazonaws.services.s3.AmazonS3;
import com.amazonaws.services.s3.model.GetObjectRequest;
import com.amazonaws.services.s3.model.HeadBucketRequest;
import com.amazonaws.services.s3.model.ObjectMetadata;
import com.amazonaws.services.s3.model.S3Object;
import com.amazonaws.services.s3.transfer.TransferManager;
import com.amazonaws.services.s3.transfer.TransferManagerBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** What AmazonS3 and TransferManager have and the checklist has not. */
final class AwsSdkV1Steps {
    private final AmazonS3 s3;
    private final TransferManager transfers;
    private final Path folder;
    private final Steps steps;

    AwsSdkV1Steps(AwsSdkV1 client, Path folder) {
        this.s3 = client.s3;
        this.transfers = client.transfers;
        this.folder = folder;
        this.steps = new Steps(client::codeOf);
    }

    void run(String bucket) {
        byte[] content = Steps.random(20 * MIB);
        s3.createBucket(bucket);
        steps.step("doesBucketExistV2", () -> check(s3.doesBucketExistV2(bucket), "it is there"));
        steps.step("headBucket", () -> s3.headBucket(new HeadBucketRequest(bucket)));
        steps.step("putObject of a String", () -> {
            s3.putObject(bucket, "text", "hello");
            check(s3.getObjectAsString(bucket, "text").equals("hello"), "other bytes came back");
        });
        steps.step("doesObjectExist", () -> {
            check(s3.doesObjectExist(bucket, "text"), "it is said not to be there");
            check(!s3.doesObjectExist(bucket, "no-such-key"), "a missing one is said to be");
        });
        steps.step("TransferManager.upload of a stream with its length", () -> {
            ObjectMetadata metadata = new ObjectMetadata();
            metadata.setContentLength(content.length);
            transfers.upload(bucket, "stream", new ByteArrayInputStream(content), metadata)
                    .waitForCompletion();
        });
        steps.step("getObject: a few bytes, then abort", () -> {
            S3Object object = s3.getObject(bucket, "stream");
            byte[] begin = object.getObjectContent().readNBytes(1000);
            object.getObjectContent().abort();
            check(Arrays.equals(begin, Arrays.copyOf(content, 1000)), "other bytes came back");
        });
        steps.step("getObject of partNumber 1", () -> {
            try (S3Object object =
                    s3.getObject(new GetObjectRequest(bucket, "stream").withPartNumber(1))) {
                byte[] got = object.getObjectContent().readAllBytes();
                check(Arrays.equals(got, content), "%d other bytes came back", got.length);
            }
        });
        transfers(bucket, content);
        s3.listObjectsV2(bucket).getObjectSummaries()
                .forEach(object -> s3.deleteObject(bucket, object.getKey()));
        s3.deleteBucket(bucket);
    }

    private void transfers(String bucket, byte[] content) {
        steps.step("TransferManager.download, resumed", () -> {
            Path half = Files.write(folder.resolve("half"), Arrays.copyOf(content, 1000));
            transfers.download(new GetObjectRequest(bucket, "stream"), half.toFile(), null, 0, true)
                    .waitForCompletion();
            check(holds(half, content), "other bytes came back");
        });
        steps.step("TransferManager.copy", () ->
                transfers.copy(bucket, "stream", bucket, "copied").waitForCompletion());
        steps.step("TransferManager with withDisableParallelDownloads(true)", () -> {
            TransferManager serial = TransferManagerBuilder.standard()
                    .withS3Client(s3).withDisableParallelDownloads(true).build();
            Path down = folder.resolve("serial");
            serial.download(bucket, "stream", down.toFile()).waitForCompletion();
            serial.shutdownNow(false);
            check(holds(down, content), "other bytes came back");
        });
    }

    private static boolean holds(Path file, byte[] content) throws IOException {
        return Arrays.equals(Files.readAllBytes(file), content);
    }
}
