package clients;

import java.nio.file.Path;
import java.util.List;

/**
 * What the checklist asks of a client.
 *
 * <p>What it has nothing for stays as it is here, and its steps are left out.
 */
public interface Client {
    /** The error code that one of the client's errors shows. */
    String codeOf(Throwable error);

    default void makeBucket(String bucket) throws Exception {
        throw new NotOffered();
    }

    default boolean bucketExists(String bucket) throws Exception {
        throw new NotOffered();
    }

    default List<String> buckets() throws Exception {
        throw new NotOffered();
    }

    default String location(String bucket) throws Exception {
        throw new NotOffered();
    }

    default void removeBucket(String bucket) throws Exception {
        throw new NotOffered();
    }

    /** Stores in one PUT, whatever the size. */
    default void put(String key, byte[] content) throws Exception {
        throw new NotOffered();
    }

    default byte[] get(String key) throws Exception {
        throw new NotOffered();
    }

    default Stat stat(String key) throws Exception {
        throw new NotOffered();
    }

    /** The bytes from one to another, both included. */
    default byte[] getRange(String key, long first, long last) throws Exception {
        throw new NotOffered();
    }

    /** Stores a file in one PUT. */
    default void upload(Path file, String key) throws Exception {
        throw new NotOffered();
    }

    default void download(String key, Path file) throws Exception {
        throw new NotOffered();
    }

    default void delete(String key) throws Exception {
        throw new NotOffered();
    }

    default void deleteMany(List<String> keys) throws Exception {
        throw new NotOffered();
    }

    default String presignedGet(String key) throws Exception {
        throw new NotOffered();
    }

    default String presignedPut(String key) throws Exception {
        throw new NotOffered();
    }

    default void putIfNoneIsThere(String key, byte[] content) throws Exception {
        throw new NotOffered();
    }

    default void putIfUnchanged(String key, byte[] content, String etag) throws Exception {
        throw new NotOffered();
    }

    /** The content, or nothing if it still has this ETag. */
    default byte[] getIfChanged(String key, String etag) throws Exception {
        throw new NotOffered();
    }

    /** Stores it with each checksum that the client can send. */
    default void putWithChecksums(String key, byte[] content) throws Exception {
        throw new NotOffered();
    }

    /** Stores it as of type text/x-test, with metadata colour=blue. */
    default void putWithMetadata(String key, byte[] content) throws Exception {
        throw new NotOffered();
    }

    default List<String> keys(String bucket) throws Exception {
        throw new NotOffered();
    }

    /** Objects and directories (ending in /) of one directory, with the prefix. */
    default List<String> level(String prefix) throws Exception {
        throw new NotOffered();
    }

    default List<String> keysInPages(int page) throws Exception {
        throw new NotOffered();
    }

    default List<String> keysByVersion1() throws Exception {
        throw new NotOffered();
    }

    /** Brings a folder to the bucket. */
    default void syncUp(Path folder, String prefix) throws Exception {
        throw new NotOffered();
    }

    default void syncDown(String prefix, Path folder) throws Exception {
        throw new NotOffered();
    }

    /** Stores 20 MiB as the client does unless told otherwise. */
    default void multipart(String key, byte[] content) throws Exception {
        throw new NotOffered();
    }

    /** Stores what comes from somewhere, of a size that is not known before. */
    default void stream(String key, byte[] content) throws Exception {
        throw new NotOffered();
    }

    default void copy(String source, String target) throws Exception {
        throw new NotOffered();
    }

    default void move(String source, String target) throws Exception {
        throw new NotOffered();
    }

    default void makePublic(String key) throws Exception {
        throw new NotOffered();
    }

    default void tag(String key) throws Exception {
        throw new NotOffered();
    }

    default void turnVersioningOn() throws Exception {
        throw new NotOffered();
    }

    default void versions() throws Exception {
        throw new NotOffered();
    }
}
