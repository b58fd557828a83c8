package clients;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Random;
import java.util.function.Function;

/** Runs steps and prints one JSON line each, saying how it went. */
public final class Steps {
    public static final int MIB = 1024 * 1024;

    /** The gateway's URL. */
    public static final String ENDPOINT = System.getenv("ENDPOINT");

    /** A bucket to make, use and remove; so is any whose name begins with this one's. */
    public static final String BUCKET = System.getenv("BUCKET");

    private static final PrintStream OUT =
            new PrintStream(System.out, true, StandardCharsets.UTF_8);

    private final Function<Throwable, String> codeOf;

    /** What a step does. */
    @FunctionalInterface
    public interface Action {
        void run() throws Exception;
    }

    /**
     * @param codeOf the error code that one of the client's errors shows
     */
    public Steps(Function<Throwable, String> codeOf) {
        this.codeOf = codeOf;
    }

    public void step(String name, Action action) {
        long begun = System.nanoTime();
        String outcome = "works";
        String message = "";
        try {
            action.run();
        } catch (NotOffered nothing) {
            return;
        } catch (EndsOtherwise ended) {
            outcome = ended.getMessage();
        } catch (AssertionError failed) {
            outcome = "wrong";
            message = failed.toString();
        } catch (Exception refused) {
            outcome = codeOf.apply(refused);
            message = withCauses(refused);
        }
        double seconds = (System.nanoTime() - begun) / 1e9;
        OUT.printf(
                Locale.ROOT,
                "{\"step\": %s, \"outcome\": %s, \"message\": %s, \"seconds\": %.3f}%n",
                json(name), json(outcome), json(message), seconds);
    }

    /** What a step asserts: one that goes through has done what it says. */
    public static void check(boolean held, String format, Object... arguments) {
        if (!held) {
            throw new AssertionError(String.format(Locale.ROOT, format, arguments));
        }
    }

    /** A new folder for files on their way, in the home directory, which the tests remove. */
    public static Path folder() throws IOException {
        return Files.createTempDirectory(Path.of(System.getenv("HOME")), "client");
    }

    public static byte[] random(int size) {
        byte[] content = new byte[size];
        new Random().nextBytes(content);
        return content;
    }

    /** The error itself and what it wraps, as a stack trace would show them. */
    private static String withCauses(Throwable error) {
        StringBuilder text = new StringBuilder(error.toString());
        for (Throwable cause = error.getCause(); cause != null; cause = cause.getCause()) {
            text.append("; caused by ").append(cause);
        }
        return text.toString();
    }

    private static String json(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < ' ') {
                quoted.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }
}
