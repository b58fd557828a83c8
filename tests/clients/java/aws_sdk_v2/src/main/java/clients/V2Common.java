package clients;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.S3Object;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;
import software.amazon.awssdk.transfer.s3.S3TransferManager;

/** What the clients of AWS's SDK for Java 2.x have in common. */
final class V2Common {
    static final URI ENDPOINT = URI.create(Steps.ENDPOINT);
    static final StaticCredentialsProvider CREDENTIALS =
            StaticCredentialsProvider.create(AwsBasicCredentials.create("any", "anything"));

    /** Above every object's size. */
    static final long ONE_PUT = 5L * 1024 * Steps.MIB;

    /** Those that the SDK itself computes, CRC64NVME with the aws-crt beside it. */
    static final List<ChecksumAlgorithm> CHECKSUMS = List.of(
            ChecksumAlgorithm.CRC32, ChecksumAlgorithm.CRC32_C, ChecksumAlgorithm.CRC64_NVME,
            ChecksumAlgorithm.SHA1, ChecksumAlgorithm.SHA256);

    private V2Common() {}

    static String codeOf(Throwable error) {
        Throwable one = error;
        while ((one instanceof CompletionException || one instanceof ExecutionException)
                && one.getCause() != null) {
            one = one.getCause();
        }
        if (one instanceof AwsServiceException service && service.awsErrorDetails() != null) {
            String code = service.awsErrorDetails().errorCode();
            // A HEAD has no body to take it from.
            return code == null ? String.valueOf(service.statusCode()) : code;
        }
        return one.getClass().getSimpleName();
    }

    static Stat stat(HeadObjectResponse found) {
        return new Stat(
                found.contentLength(),
                found.eTag().replace("\"", ""),
                found.contentType() + " " + found.metadata());
    }

    static List<String> keysOf(List<ListObjectsV2Response> pages) {
        return pages.stream()
                .flatMap(page -> Stream.concat(
                        page.contents().stream().map(S3Object::key),
                        page.commonPrefixes().stream().map(prefix -> prefix.prefix())))
                .toList();
    }

    static S3Presigner presigner() {
        return S3Presigner.builder()
                .endpointOverride(ENDPOINT)
                .region(Region.US_EAST_1)
                .serviceConfiguration(
                        S3Configuration.builder().pathStyleAccessEnabled(true).build())
                .credentialsProvider(CREDENTIALS)
                .build();
    }

    static String presignedGet(String key) {
        try (S3Presigner presigner = presigner()) {
            return presigner.presignGetObject(request -> request
                            .signatureDuration(Duration.ofMinutes(1))
                            .getObjectRequest(get -> get.bucket(Steps.BUCKET).key(key)))
                    .url().toString();
        }
    }

    static String presignedPut(String key) {
        try (S3Presigner presigner = presigner()) {
            return presigner.presignPutObject(request -> request
                            .signatureDuration(Duration.ofMinutes(1))
                            .putObjectRequest(put -> put.bucket(Steps.BUCKET).key(key)))
                    .url().toString();
        }
    }

    static void syncUp(S3TransferManager transfers, Path folder, String prefix) {
        var failed = transfers.uploadDirectory(upload -> upload
                        .source(folder).bucket(Steps.BUCKET).s3Prefix(prefix))
                .completionFuture().join().failedTransfers();
        if (!failed.isEmpty()) {
            throw new CompletionException(failed.get(0).exception());
        }
    }

    static void syncDown(S3TransferManager transfers, String prefix, Path folder) {
        var failed = transfers.downloadDirectory(download -> download
                        .destination(folder)
                        .bucket(Steps.BUCKET)
                        .listObjectsV2RequestTransformer(list -> list.prefix(prefix + "/")))
                .completionFuture().join().failedTransfers();
        if (!failed.isEmpty()) {
            throw new CompletionException(failed.get(0).exception());
        }
    }
}
