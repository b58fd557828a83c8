package clients;

import static clients.Steps.check;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Whole folders, up and down. */
final class Folders {
    private static final Map<String, String> CONTENTS =
            new TreeMap<>(Map.of("one", "1", "two words", "22", "sub/three", "333"));

    private final Client client;
    private final Steps steps;
    private final Path tree;
    private final Path back;

    Folders(Client client, Steps steps, Path folder) {
        this.client = client;
        this.steps = steps;
        this.tree = folder.resolve("tree");
        this.back = folder.resolve("back");
    }

    void run() throws IOException {
        Files.createDirectories(tree.resolve("sub"));
        for (Map.Entry<String, String> one : CONTENTS.entrySet()) {
            Files.writeString(tree.resolve(one.getKey()), one.getValue());
        }
        steps.step("sync up", () -> {
            client.syncUp(tree, "tree");
            for (Map.Entry<String, String> one : CONTENTS.entrySet()) {
                Checklist.holds(client, "tree/" + one.getKey(),
                        one.getValue().getBytes(StandardCharsets.UTF_8));
            }
        });
        steps.step("sync down", () -> {
            client.syncDown("tree", back);
            check(files(back).equals(CONTENTS), "%s", files(back));
        });
        steps.step("sync up a change older than HEAD", this::oldChange);
    }

    private static Map<String, String> files(Path folder) throws IOException {
        Map<String, String> found = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.filter(Files::isRegularFile).toList()) {
                found.put(folder.relativize(path).toString(), Files.readString(path));
            }
        }
        return found;
    }

    private void oldChange() throws Exception {
        Path changed = tree.resolve("sub").resolve("three");
        Files.writeString(changed, "new");
        Files.setLastModifiedTime(
                changed, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
        client.syncUp(tree, "tree");
        byte[] now = client.get("tree/sub/three");
        if (!new String(now, StandardCharsets.UTF_8).equals("new")) {
            throw new EndsOtherwise("missed");
        }
    }
}
