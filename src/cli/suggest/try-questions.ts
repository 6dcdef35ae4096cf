/** Evaluates all questions about a recording: the second of two readings. */
import type { Recording } from '../../files/recorded-documents.ts';
import type { Vocabulary } from '../../policy/binding.ts';
import type { TimeWindow } from '../../recording/time-window.ts';
import { type AddOccurrences, visitReviews } from '../recorded/occurrences.ts';
import type { RecordingEvent } from '../../files/recording-events.ts';
import { sharedEffects } from '../recorded/shared-effects.ts';
import type { TriedQuestions } from './choice.ts';
import { type CountOptions, countedReview } from './counted.ts';
import { evaluateQuestions, groupsFor } from './evaluate.ts';
import type { Question, Questions } from './questions.ts';
import { addResults, emptyTally, type Tally, type QuestionResults } from './tally.ts';

export interface Trial {
  readonly questions: Questions;
  readonly vocabulary: Vocabulary;
  readonly options: CountOptions;
  /** Receives the number of reviews so far. */
  readonly onReview: (done: number) => void;
  readonly window: TimeWindow;
  readonly stop: AbortSignal;
}

export async function tryQuestions(
  entries: AsyncIterable<RecordingEvent>,
  { questions, vocabulary, options, onReview, window, stop }: Trial,
): Promise<TriedQuestions> {
  const all = questionList(questions);
  const tallies = all.map(emptyTally);
  const groups = await groupsFor(all, vocabulary);
  const effectOf = sharedEffects((results: QuestionResults) => (more) => addResults(tallies, results, more));
  let done = 0;
  const visit = async (line: Recording): Promise<AddOccurrences> => {
    onReview((done += 1));
    const counted = await countedReview(line, options);
    if (typeof counted === 'string') return undefined;
    const { context } = options;
    const { results, reasons } = await evaluateQuestions(line, groups, { context, counted });
    for (const [index, reason] of reasons) addReason(tallies[index], reason);
    return effectOf(results);
  };
  await visitReviews(entries, { visit, window, stop });
  return withTallies(questions, new Map(all.map((question, index) => [question, tallies[index] ?? emptyTally()])));
}

function addReason(tally: Tally | undefined, reason: string): void {
  if (tally !== undefined) tally.reason ??= reason;
}

function questionList({ ladders, lists, removals }: Questions): readonly Question[] {
  return [
    ...ladders.flatMap(({ rungs }) => rungs),
    ...lists.flatMap(({ items }) => items.map(({ question }) => question)),
    ...removals.map(({ question }) => question),
  ];
}

function withTallies({ ladders, lists, removals }: Questions, tallies: ReadonlyMap<Question, Tally>): TriedQuestions {
  const tried = <T extends { readonly question: Question }>(one: T): T & { readonly tally: Tally } => ({
    ...one,
    tally: tallies.get(one.question) ?? emptyTally(),
  });
  return {
    ladders: ladders.map((ladder) => ({ ...ladder, rungs: ladder.rungs.map((question) => tried({ question })) })),
    lists: lists.map((list) => ({ ...list, items: list.items.map(tried) })),
    removals: removals.map(tried),
  };
}
