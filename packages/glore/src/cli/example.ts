/** A question to try things out with, for the help of every command that takes one. */

/** Of the default job's kind. Its draft slips in a sum; both refiners of `runs/tiny` put that right, and the ORM sees it. */
export const exampleQuestion =
  'Lee has 395 books. Lee loses 236. Lee sells 15. Lee buys 351 more. How many books does Lee have?';

/** For models that know more than the default job's, in the manner of GSM8K. */
export const wordProblem =
  'A baker makes 24 rolls an hour for 6 hours. She keeps 15 of them for her family and sells a third of the others in the morning. How many rolls are left to sell in the afternoon?';
