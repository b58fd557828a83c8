package clients;

/**
 * What a client shows of an object.
 *
 * @param etag without quotes; empty if the client does not show it
 * @param shown everything else
 */
public record Stat(long size, String etag, String shown) {}
