package clients;

import static clients.Steps.BUCKET;
import static clients.Steps.MIB;
import static clients.Steps.check;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Objects of each size, copies and moves, by a client that nobody told to use one PUT.
 *
 * <p>The steps have the names of those in tests/clients/data_tools/sizes.py.
 */
public final class AtDefaults {
    private static final int LARGE_MIB = 200;

    private final Client client;
    private final Steps steps;
    private final Path folder;

    private AtDefaults(Client client, Path folder) {
        this.client = client;
        this.steps = new Steps(client::codeOf);
        this.folder = folder;
    }

    /** Whether a program's arguments say so. */
    public static boolean isAskedFor(String[] arguments) {
        return List.of(arguments).contains("at-defaults");
    }

    /** Takes a client through these steps, or through the checklist's. */
    public static void runOrChecklist(Client client, boolean atDefaults) throws Exception {
        if (!atDefaults) {
            Checklist.run(client);
            return;
        }
        ifOffered(() -> client.makeBucket(BUCKET));
        AtDefaults run = new AtDefaults(client, Steps.folder());
        run.sizes();
        run.steps.step("stream of unknown size", run::stream);
        run.copies();
        client.deleteMany(client.keys(BUCKET));
        check(client.keys(BUCKET).isEmpty(), "%s are left", client.keys(BUCKET));
        ifOffered(() -> client.removeBucket(BUCKET));
        run.removeFiles();
    }

    /** They are large, and whoever runs the tests keeps the home directory for a while. */
    private void removeFiles() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
    }

    private static void ifOffered(Steps.Action action) throws Exception {
        try {
            action.run();
        } catch (NotOffered nothing) {
            // The program does it in another way.
        }
    }

    private void sizes() {
        steps.step("write and read nothing", () -> writeAndRead("nothing", 0));
        steps.step("write and read a little", () -> writeAndRead("little", 5));
        steps.step("write and read 20 MiB", () -> writeAndRead("middling", 20 * MIB));
        steps.step("write and read 200 MiB", () -> writeAndRead("large", LARGE_MIB * MIB));
    }

    private void writeAndRead(String key, int size) throws Exception {
        client.upload(random(key, size), key);
        check(client.stat(key).size() == size, "size %d", client.stat(key).size());
        holds(key, key);
    }

    private void stream() throws Exception {
        byte[] content = Steps.random(20 * MIB);
        client.stream("stream", content);
        byte[] got = client.get("stream");
        check(Arrays.equals(got, content), "%d other bytes came back", got.length);
    }

    private void copies() {
        steps.step("copy", () -> {
            client.copy("little", "little-copied");
            holds("little-copied", "little");
        });
        steps.step("copy of 200 MiB", () -> {
            client.copy("large", "large-copied");
            holds("large-copied", "large");
        });
        steps.step("move", () -> {
            client.move("large", "large-moved");
            holds("large-moved", "large");
            check(!client.keys(BUCKET).contains("large"), "it is still there");
        });
    }

    /** Whether an object has the content of the file that was sent. */
    private void holds(String key, String sent) throws Exception {
        Path down = folder.resolve("down");
        Files.deleteIfExists(down);
        client.download(key, down);
        long differs = Files.mismatch(folder.resolve(sent), down);
        check(differs == -1, "%d bytes came back, another one at %d", Files.size(down), differs);
    }

    /** A file on the disk: the largest would not fit into the memory that a client has. */
    private Path random(String name, int size) throws IOException {
        Path file = folder.resolve(name);
        try (OutputStream out = Files.newOutputStream(file)) {
            for (int left = size; left > 0; left -= MIB) {
                out.write(Steps.random(Math.min(left, MIB)));
            }
        }
        return file;
    }
}
