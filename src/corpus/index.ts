/**
 * The corpus of the built-in model: short children's stories, questions and answers, simple arithmetic. A pure function of
 * its seed. Stands alone.
 */
export {
  type ArithmeticProblem,
  arithmeticProblems,
  listArithmeticProblems,
} from './arithmetic.js'
export {
  type CorpusDocument,
  type CorpusOptions,
  corpusDocuments,
  DEFAULT_HELD_OUT,
  type DocumentKind,
  SEPARATOR,
} from './documents.js'
export type { Split } from './split.js'
