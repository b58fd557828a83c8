package clients;

/** A client has nothing that does a step: it is left out. */
public final class NotOffered extends RuntimeException {
    private static final long serialVersionUID = 1;
}
