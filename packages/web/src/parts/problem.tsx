/** Something went wrong, and can be tried again. */
export function Problem({ failure, onAgain }: { failure: Error; onAgain?: () => void }) {
  return (
    <p role="alert" class="failure">
      {failure.message}{' '}
      {onAgain && (
        <button type="button" onClick={onAgain}>
          Try again
        </button>
      )}
    </p>
  );
}
