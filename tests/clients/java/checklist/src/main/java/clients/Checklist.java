package clients;

import static clients.Steps.BUCKET;
import static clients.Steps.MIB;
import static clients.Steps.check;
import static clients.Steps.random;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The steps that every client is taken through.
 *
 * <p>The steps, their order and their names are those of tests/clients/checklist.py.
 */
public final class Checklist {
    /** Characters that PFS can hold and that somebody on the way may stumble over. */
    public static final String SPECIAL = "odd/a b%41&c'd~e=f;g#h$i,j:k.txt";

    private static final String MISSING = "master.no-such-repo";

    private final Client client;
    private final Steps steps;
    private final Path folder;
    private final List<String> stored = new ArrayList<>();

    private Checklist(Client client, Path folder) {
        this.client = client;
        this.steps = new Steps(client::codeOf);
        this.folder = folder;
    }

    /** Takes a client through all steps. */
    public static void run(Client client) throws Exception {
        Checklist checklist = new Checklist(client, Steps.folder());
        checklist.making();
        checklist.objects();
        checklist.listings();
        new Conditions(client, checklist.steps).run();
        new Folders(client, checklist.steps, checklist.folder).run();
        checklist.beyond();
        checklist.removals();
    }

    static void holds(Client client, String key, byte[] content) throws Exception {
        byte[] got = client.get(key);
        check(Arrays.equals(got, content), "%d other bytes came back", got.length);
    }

    private void making() {
        steps.step("make a bucket", () -> client.makeBucket(BUCKET));
        steps.step("make it again", () -> client.makeBucket(BUCKET));
        steps.step("ask whether a bucket exists", () -> {
            check(client.bucketExists(BUCKET), "it is said not to be there");
            check(!client.bucketExists(MISSING), "a missing one is said to be there");
        });
        steps.step("list buckets", () -> {
            List<String> buckets = client.buckets();
            check(buckets.contains(BUCKET), "%s", buckets);
        });
        steps.step("ask for a bucket's location", () -> {
            String location = client.location(BUCKET);
            check(List.of("us-east-1", "US", "").contains(location), "%s", location);
        });
        steps.step("use a missing bucket", () -> client.keys(MISSING));
    }

    private void roundTrip(String key, int size) throws Exception {
        byte[] content = random(size);
        client.put(key, content);
        stored.add(key);
        Stat stat = client.stat(key);
        check(stat.size() == size, "size %d", stat.size());
        check(stat.etag().isEmpty() || stat.etag().endsWith("-1"), "ETag %s", stat.etag());
        holds(client, key, content);
    }

    private void objects() {
        Map<String, Integer> sizes =
                Map.of("0 B", 0, "5 B", 5, "6 MiB", 6 * MIB, "20 MiB", 20 * MIB);
        for (String name : List.of("0 B", "5 B", "6 MiB", "20 MiB")) {
            String key = name.replace(" ", "").toLowerCase(Locale.ROOT);
            steps.step("put and get " + name, () -> roundTrip(key, sizes.get(name)));
        }
        steps.step("put and get special characters", () -> roundTrip(SPECIAL, 5));
        steps.step("upload and download a file", this::files);
        steps.step("get a range", () -> {
            byte[] content = random(100);
            client.put("hundred", content);
            stored.add("hundred");
            byte[] part = client.getRange("hundred", 10, 19);
            check(Arrays.equals(part, Arrays.copyOfRange(content, 10, 20)), "other bytes");
        });
        steps.step("get a missing key", () -> client.get("no-such-key"));
        steps.step("stat a missing key", () -> client.stat("no-such-key"));
    }

    private void files() throws Exception {
        Path up = folder.resolve("up");
        Path down = folder.resolve("down");
        Files.write(up, random(20 * MIB));
        client.upload(up, "file");
        stored.add("file");
        client.download("file", down);
        check(Files.mismatch(up, down) == -1, "other bytes came back");
    }

    private void listings() {
        steps.step("list all", () -> same(client.keys(BUCKET)));
        steps.step("list one level", () -> {
            List<String> top = client.level("");
            check(top.size() == stored.size() && top.contains("odd/"), "%s", top);
            List<String> below = client.level("odd/");
            check(below.equals(List.of(SPECIAL)), "%s", below);
        });
        steps.step("list in pages", () -> same(client.keysInPages(2)));
        steps.step("list by version 1", () -> same(client.keysByVersion1()));
    }

    private void same(List<String> keys) {
        check(keys.equals(stored.stream().sorted().toList()), "%s", keys);
    }

    private void beyond() {
        steps.step("put a key that PFS cannot hold", () -> client.put("a*b", new byte[5]));
        steps.step("multipart upload", () -> client.multipart("multi", new byte[20 * MIB]));
        steps.step("stream of unknown size", () -> {
            byte[] content = random(20 * MIB);
            client.stream("stream", content);
            holds(client, "stream", content);
        });
        steps.step("copy", () -> client.copy("hundred", "copied"));
        steps.step("move", () -> client.move("hundred", "moved"));
        steps.step("make public", () -> client.makePublic("hundred"));
        steps.step("tag", () -> client.tag("hundred"));
        steps.step("turn versioning on", client::turnVersioningOn);
        steps.step("list versions", client::versions);
    }

    private void removals() {
        steps.step("remove a bucket with objects", () -> client.removeBucket(BUCKET));
        steps.step("delete", () -> {
            client.delete("5b");
            check(!client.keys(BUCKET).contains("5b"), "it is still there");
        });
        steps.step("delete many", () -> {
            client.deleteMany(client.keys(BUCKET));
            List<String> left = client.keys(BUCKET);
            check(left.isEmpty(), "%s", left);
        });
        steps.step("remove a bucket", () -> client.removeBucket(BUCKET));
    }
}
