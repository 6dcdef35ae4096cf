/** Counts reviews: a line of a recording stands for one, and the lines about repetitions add theirs. */
import type { Recording } from '../../files/recorded-documents.ts';
import type { RecordingEvent } from '../../files/recording-events.ts';
import type { InputNotice } from '../../files/skipped-files.ts';
import type { RecordedRepeats } from '../../recording/format.ts';
import { hasBounds, isWithin, type TimeWindow } from '../../recording/time-window.ts';
import type { ErrorRow } from '../../report/check.ts';

export interface Occurrences {
  readonly count: number;
  /** In UTC with milliseconds, so that they compare as text; null: unknown. */
  readonly first: string | null;
  readonly last: string | null;
}

/** Adds reviews to what was found out about the first of them; undefined: nothing is counted. */
export type AddOccurrences = ((more: Occurrences) => void) | undefined;

export interface Visited {
  readonly errors: readonly ErrorRow[];
  /** Errors that are not listed. */
  readonly moreErrors: number;
  readonly notices: readonly InputNotice[];
  /** Lines with reviews. */
  readonly lines: number;
  readonly files: number;
  /** Reviews that the server did not record. */
  readonly dropped: number;
  /** Reviews outside of the window, or without a time. */
  readonly outside: number;
}

export interface Visit {
  /** Returns what to call for the review and for each of its repetitions. */
  readonly visit: (recording: Recording) => Promise<AddOccurrences>;
  /** By default, all of the recording counts. */
  readonly window?: TimeWindow | undefined;
  /** Reviews of lines count, and not their repetitions. */
  readonly onlyLines?: boolean | undefined;
  readonly stop: AbortSignal;
}

/** A damaged recording can have an error in each line. */
const MAX_LISTED = 20;

export async function visitReviews(
  events: AsyncIterable<RecordingEvent>,
  { visit, window = ALL, onlyLines = false, stop }: Visit,
): Promise<Visited> {
  const counts = { problems: 0, lines: 0, files: 0, dropped: 0, outside: 0 };
  const state: State = { errors: [], notices: [], ...counts, known: new Map(), window };
  for await (const event of events) {
    if (stop.aborted) break;
    if ('recording' in event) addReview(state, event.recording, await visit(event.recording));
    else if ('repeats' in event) addRepeats(state, event.repeats);
    else if ('again' in event) remember(state, event.again, onlyLines ? undefined : await visit(event.again));
    else addOther(state, event);
  }
  const { problems, known: _known, window: _window, ...rest } = state;
  return { ...rest, moreErrors: problems - rest.errors.length };
}

const ALL: TimeWindow = { since: undefined, until: undefined };

interface State {
  readonly errors: ErrorRow[];
  readonly notices: InputNotice[];
  problems: number;
  lines: number;
  files: number;
  dropped: number;
  outside: number;
  readonly window: TimeWindow;
  /** The reviews of the file, by id: their repetitions are in the same file. */
  readonly known: Map<string, AddOccurrences>;
}

function addReview(state: State, recording: Recording, add: AddOccurrences): void {
  state.lines += 1;
  const time = recording.recorded?.time ?? null;
  countWithin(state, add, { count: 1, first: time, last: time });
  remember(state, recording, add);
}

function remember(state: State, { recorded }: Recording, add: AddOccurrences): void {
  if (recorded === undefined) return;
  state.dropped += recorded.dropped;
  if (add !== undefined) state.known.set(recorded.id, add);
}

function addRepeats(state: State, { of, count, first, last, dropped }: RecordedRepeats): void {
  state.dropped += dropped;
  countWithin(state, state.known.get(of), { count, first, last });
}

function countWithin(state: State, add: AddOccurrences, occurrences: Occurrences): void {
  const { first, last } = occurrences;
  const isInside = first === null || last === null ? !hasBounds(state.window) : isWithin({ first, last }, state.window);
  if (isInside) add?.(occurrences);
  else state.outside += occurrences.count;
}

type OtherEvent = Exclude<
  RecordingEvent,
  { readonly recording: Recording } | { readonly repeats: RecordedRepeats } | { readonly again: Recording }
>;

function addOther(state: State, event: OtherEvent): void {
  if ('end' in event) {
    state.files += 1;
    state.known.clear();
  } else if ('notice' in event) {
    if (state.notices.length < MAX_LISTED) state.notices.push(event.notice);
  } else {
    state.problems += 1;
    if (state.errors.length < MAX_LISTED) state.errors.push(event.error);
  }
}

export interface Total {
  count: number;
  first: string | null;
  last: string | null;
}

export function noTotal(): Total {
  return { count: 0, first: null, last: null };
}

export function addTo(total: Total, { count, first, last }: Occurrences): void {
  total.count += count;
  if (first !== null && (total.first === null || first < total.first)) total.first = first;
  if (last !== null && (total.last === null || last > total.last)) total.last = last;
}
