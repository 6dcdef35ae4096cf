/** `tidewaiter suggest`: the strictest policies that deny nothing of a recording, and what the next steps would deny. */
import path from 'node:path';
import type { Context } from '../../admission/context.ts';
import { UserError } from '../../error/user-error.ts';
import { recordingEvents } from '../../files/recording-events.ts';
import { fileText } from '../../files/location-text.ts';
import { plain, yamlDocuments } from '../../install/yaml.ts';
import type { Vocabulary } from '../../policy/binding.ts';
import { type FormatName, formatReport } from '../../report/index.ts';
import { noticeLine, paint } from '../../report/paint.ts';
import { inputNoticeRow } from '../../report/rows.ts';
import type { SuggestReport } from '../../report/suggest.ts';
import { compose } from '../../wiring.ts';
import { configured } from '../configured.ts';
import { interruptible } from '../interrupt.ts';
import { writeNewFiles } from '../new-files.ts';
import { progressOn } from '../progress.ts';
import { type Visit, type Visited, visitReviews } from '../recorded/occurrences.ts';
import { timeWindow } from '../recorded/time-flag.ts';
import { print, type Terminal } from '../terminal.ts';
import { withLittleMemory } from '../little-memory.ts';
import type { CountOptions } from './counted.ts';
import { type AllowBy, hasTooManyRepositories, questionsFor } from './questions.ts';
import { type Suggestion, suggestionFrom } from './suggestion.ts';
import { emptySurvey, type Survey, surveyor } from './survey.ts';
import { tryQuestions } from './try-questions.ts';

export interface SuggestFlags {
  readonly config?: string | undefined;
  readonly from: readonly string[];
  readonly out?: string | undefined;
  readonly output: FormatName<'suggest'>;
  readonly steps: number;
  readonly allow: AllowBy;
  /** Milliseconds since 1970. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly includeDenied?: boolean | undefined;
  readonly force?: boolean | undefined;
}

const POLICY_FILE = 'images.yaml';

export async function suggest(flags: SuggestFlags, terminal: Terminal): Promise<number> {
  if (flags.from.includes('-'))
    throw new UserError('--from: recordings are read twice, so they cannot come from standard input; name files');
  const { config } = await configured({ config: flags.config }, terminal);
  const { context, rules } = await compose(config);
  const run: Run = { flags, terminal, context, vocabulary: { rules, kinds: config.kinds } };
  const { suggestion, survey, visited } = await withLittleMemory(async () =>
    interruptible(async (stop) => derive(run, stop)),
  );
  for (const notice of visited.notices) terminal.note(`${noticeLine(inputNoticeRow(notice), paint(false))}\n`);
  const yaml = yamlDocuments(suggestion.policies);
  if (flags.out !== undefined) {
    const file = { path: path.join(flags.out, POLICY_FILE), text: yaml };
    writeNewFiles([file], flags.force ?? false);
    terminal.note(`wrote ${fileText(file.path)}\n`);
  }
  const report = reportOf({ suggestion, survey, visited }, flags.steps);
  const { columns } = terminal;
  print(await formatReport('suggest', flags.output, { report, yaml, ink: paint(terminal.colors), columns }), terminal);
  return visited.errors.length === 0 ? 0 : 2;
}

interface Run {
  readonly flags: SuggestFlags;
  readonly terminal: Terminal;
  readonly context: Context;
  readonly vocabulary: Vocabulary;
}

interface Derived {
  readonly suggestion: Suggestion;
  readonly survey: Survey;
  readonly visited: Visited;
}

/** Reads the recording twice: what it contains, and what each rule would deny of it. */
async function derive({ flags, terminal, context, vocabulary }: Run, stop: AbortSignal): Promise<Derived> {
  const options: CountOptions = { context, includeDenied: flags.includeDenied ?? false };
  const events = (): ReturnType<typeof recordingEvents> =>
    recordingEvents(flags.from, terminal.input(), { kinds: context.kinds, namespace: 'default' });
  const survey = emptySurvey();
  const surveyReview = surveyor(survey, options);
  const reading = progressOn(terminal, 'reviews read');
  let done = 0;
  const visit: Visit['visit'] = async (line) => {
    reading.at((done += 1));
    return surveyReview(line);
  };
  const window = timeWindow(flags.since, flags.until);
  const visited = await visitReviews(events(), { visit, window, stop }).finally(reading.stop);
  survey.leftOut.outside = visited.outside;
  requireReviews(survey, visited, stop);
  if (flags.allow === 'repository' && hasTooManyRepositories(survey))
    terminal.note('the recording has more than 200 repositories, so image-registry lists registries\n');
  const questions = questionsFor(survey, flags.allow);
  const progress = progressOn(terminal, 'reviews evaluated');
  const onReview = (count: number): void => progress.at(count, visited.lines);
  const trial = { questions, vocabulary, options, onReview, window, stop };
  const tried = await tryQuestions(events(), trial).finally(progress.stop);
  if (stop.aborted) throw new UserError('interrupted; nothing was written');
  return { suggestion: suggestionFrom(tried, survey, vocabulary.rules), survey, visited };
}

function requireReviews({ total, leftOut }: Survey, { errors }: Visited, stop: AbortSignal): void {
  if (stop.aborted) throw new UserError('interrupted; nothing was written');
  if (total.count > 0) return;
  const [error] = errors;
  const why = error === undefined ? '' : `; first error: ${fileText(error.file)}: ${error.message}`;
  const denied = leftOut.denied === 0 ? '' : '; to count reviews that were denied, add --include-denied';
  throw new UserError(`no review with images found, so there is no policy to derive${denied}${why}`);
}

function reportOf({ suggestion, survey, visited }: Derived, maxSteps: number): SuggestReport {
  const { policies, rules, steps, unknown } = suggestion;
  const { total, leftOut } = survey;
  const { files, lines, dropped, errors, moreErrors } = visited;
  return {
    version: 1,
    recording: { files, lines, reviews: total.count, first: total.first, last: total.last, leftOut, dropped },
    policies: policies.map((policy) => plain(policy) as object),
    rules,
    steps: steps.slice(0, maxSteps),
    moreSteps: Math.max(0, steps.length - maxSteps),
    unknown,
    errors,
    moreErrors,
  };
}
