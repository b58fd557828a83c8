package clients;

/** A step does not fail, and does not do what its name says. */
public final class EndsOtherwise extends RuntimeException {
    private static final long serialVersionUID = 1;

    /**
     * @param outcome what it does instead, in a word or two
     */
    public EndsOtherwise(String outcome) {
        super(outcome);
    }
}
