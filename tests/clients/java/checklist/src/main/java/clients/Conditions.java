package clients;

import static clients.Steps.check;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/** Conditions, checksums, metadata and presigned URLs. */
final class Conditions {
    private static final byte[] FIRST = bytes("first");
    private static final byte[] SECOND = bytes("second");

    /** Without an offer of HTTP/2, which the tap on the wire does not understand. */
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final Client client;
    private final Steps steps;

    Conditions(Client client, Steps steps) {
        this.client = client;
        this.steps = steps;
    }

    void run() {
        steps.step("put if none is there", () -> {
            client.putIfNoneIsThere("new", FIRST);
            refused(() -> client.putIfNoneIsThere("new", SECOND));
            Checklist.holds(client, "new", FIRST);
        });
        steps.step("put if unchanged", () -> {
            client.put("same", FIRST);
            String etag = client.stat("same").etag();
            client.putIfUnchanged("same", SECOND, etag);
            refused(() -> client.putIfUnchanged("same", FIRST, etag));
            Checklist.holds(client, "same", SECOND);
        });
        steps.step("get if changed", () -> {
            String etag = client.stat("hundred").etag();
            check(client.getIfChanged("hundred", etag).length == 0, "sent again");
            byte[] content = client.getIfChanged("hundred", "other-1");
            check(content.length == 100, "%d bytes", content.length);
        });
        steps.step("put with checksums", () -> {
            client.putWithChecksums("sum", FIRST);
            Checklist.holds(client, "sum", FIRST);
        });
        steps.step("put with metadata", this::metadata);
        steps.step("presign a GET", () -> {
            byte[] got = fetch("GET", client.presignedGet(Checklist.SPECIAL), new byte[0]);
            check(Arrays.equals(got, client.get(Checklist.SPECIAL)), "%d other bytes", got.length);
        });
        steps.step("presign a PUT", () -> {
            fetch("PUT", client.presignedPut("presigned"), FIRST);
            Checklist.holds(client, "presigned", FIRST);
        });
    }

    private void refused(Steps.Action action) throws Exception {
        try {
            action.run();
        } catch (NotOffered nothing) {
            throw nothing;
        } catch (Exception error) {
            String code = client.codeOf(error);
            check(code.matches(".*(PreconditionFailed|Exists).*"), "%s: %s", code, error);
            return;
        }
        throw new AssertionError("it is not refused");
    }

    private void metadata() throws Exception {
        client.putWithMetadata("meta.json", bytes("{}"));
        Checklist.holds(client, "meta.json", bytes("{}"));
        String shown = client.stat("meta.json").shown().toLowerCase(Locale.ROOT);
        check(!shown.contains("blue") && !shown.contains("x-test"), "%s", shown);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] fetch(String method, String url, byte[] body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                .method(method, method.equals("GET")
                        ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body))
                .build();
        HttpResponse<byte[]> answer = HTTP.send(request, BodyHandlers.ofByteArray());
        String text = new String(answer.body(), StandardCharsets.UTF_8);
        check(answer.statusCode() == 200, "%d %s", answer.statusCode(), text);
        return answer.body();
    }
}
