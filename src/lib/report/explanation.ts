/** What keeps one snapshot: the shape is schemas/explanation.schema.json. */
export type {ExplainedJob, Explanation} from '../../generated/explanation-types.ts'
