/** A question to try things out with, for the help of every command that takes one. */

/** Of the default job's kind. Its draft slips in a sum; both refiners of `runs/tiny` put that right, and the ORM sees it. */
export const exampleQuestion =
  'Lee has 395 books. Lee loses 236. Lee sells 15. Lee buys 351 more. How many books does Lee have?';
