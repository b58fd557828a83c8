package clients;

import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3AsyncClientBuilder;

/** The asynchronous clients: over Netty, and of the CRT. */
final class AsyncClients {
    private AsyncClients() {}

    /** What S3AsyncClient.builder() gives: it knows no parts. */
    static S3AsyncClient netty() {
        return overNetty().build();
    }

    /**
     * One that uploads and downloads in parts.
     *
     * @param threshold above which it uploads in parts; null for its own
     * @param part the size of a part; null for its own
     */
    static S3AsyncClient nettyInParts(Long threshold, Long part) {
        return overNetty()
                .multipartEnabled(true)
                .multipartConfiguration(multipart ->
                        multipart.thresholdInBytes(threshold).minimumPartSizeInBytes(part))
                .build();
    }

    /** The same of the CRT, which has no other. */
    static S3AsyncClient crt(Long threshold, Long part) {
        return S3AsyncClient.crtBuilder()
                .endpointOverride(V2Common.ENDPOINT)
                .region(Region.US_EAST_1)
                .forcePathStyle(true)
                .credentialsProvider(V2Common.CREDENTIALS)
                .thresholdInBytes(threshold)
                .minimumPartSizeInBytes(part)
                .build();
    }

    private static S3AsyncClientBuilder overNetty() {
        return S3AsyncClient.builder()
                .endpointOverride(V2Common.ENDPOINT)
                .region(Region.US_EAST_1)
                .forcePathStyle(true)
                .credentialsProvider(V2Common.CREDENTIALS);
    }
}
