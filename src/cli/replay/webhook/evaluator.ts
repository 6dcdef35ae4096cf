/** Sends reviews to a webhook, and compares its answers. */
import type { Recording } from '../../../files/recorded-documents.ts';
import type { LineChunk } from '../../../files/recording-chunks.ts';
import { type JsonObject, isObject } from '../../../pod/pointer.ts';
import type { RecordedEndpoint, RecordedResponse } from '../../../recording/format.ts';
import { outcomeOfResponse } from '../../../recording/outcome.ts';
import type { Answers } from '../../../recording/replay-row.ts';
import { type Evaluated, mergedOutcome } from '../evaluation.ts';
import { type Evaluator, linesIn } from '../evaluator.ts';
import type { ReplayItem } from '../items.ts';
import { rowOf, withView } from '../review-row.ts';
import type { Shard } from '../shard.ts';
import { readAnswer } from './answer.ts';
import { compareAnswer } from './compare.ts';
import { openWebhook, type WebhookConnection } from './exchange.ts';
import { createPace } from './pace.ts';
import { endpointUrl, shownUrl, type WebhookTarget } from './target.ts';

export interface WebhookOptions {
  readonly target: WebhookTarget;
  /** Compares with what the policies decide, and not with the recording. */
  readonly comparesPolicies: boolean;
  /** Milliseconds since 1970; later reviews are not sent. */
  readonly until: number | undefined;
  readonly shard: Shard | undefined;
  /** After an abort, nothing more is sent. */
  readonly stop: AbortSignal;
}

export interface WebhookEvaluator extends Evaluator {
  close(): void;
}

export function webhookEvaluator(local: Evaluator, options: WebhookOptions): WebhookEvaluator {
  const { target, shard, stop } = options;
  const connection = openWebhook(target);
  const start = starter(local, options, sender(connection, options));

  /** An interrupted review has no result. */
  async function evaluate(recording: Recording): Promise<Started> {
    const ended = (error: unknown): ReplayItem => {
      if (!stop.aborted) throw error;
      return leftOut(recording);
    };
    return start(recording).then(
      ({ item }) => ({ item: item.catch(ended) }),
      (error: unknown) => ({ item: Promise.resolve(ended(error)) }),
    );
  }

  async function chunkItems(file: string, chunk: LineChunk): Promise<readonly ReplayItem[]> {
    const items: Promise<ReplayItem>[] = [];
    for (const item of linesIn(file, chunk, shard)) {
      if (stop.aborted) break;
      items.push('recording' in item ? (await evaluate(item.recording)).item : Promise.resolve(item));
    }
    return Promise.all(items);
  }

  return {
    ...local,
    chunkItems,
    evaluate: async (recording) => (await evaluate(recording)).item,
    close: () => connection.close(),
  };
}

interface Started {
  readonly item: Promise<ReplayItem>;
}

/** Resolves when the review is sent, so that the next one can follow. */
type Start = (recording: Recording) => Promise<Started>;

function starter(local: Evaluator, options: WebhookOptions, send: Send): Start {
  const { target, comparesPolicies, until, stop } = options;
  const pace = createPace({ perSecond: target.perSecond, atOnce: target.connections, signal: stop });

  async function itemOf(recording: Recording, sent: Sent, decided: Evaluated | undefined): Promise<ReplayItem> {
    if ('problem' in sent) {
      const { file, line, document } = recording;
      return { error: { file, line, column: 1, document, message: sent.problem } };
    }
    const after = mergedOutcome(sent.responses.map(outcomeOfResponse));
    const result = compareAnswer(recording, after, { decided, options: local.options });
    const row = rowOf(recording, local.options.answers ? { ...result, answers: sent.answers } : result);
    return { row: await withView(recording, row, { request: recording.review.request, options: local.options }) };
  }

  return async (recording) => {
    const { recorded } = recording;
    const endpoints = endpointsFor(recording, target);
    const isLate = recorded !== undefined && until !== undefined && Date.parse(recorded.time) > until;
    if (endpoints.length === 0 || isLate || !local.isIncluded(recording))
      return { item: Promise.resolve(leftOut(recording)) };
    // One after the other: the policies have one clock.
    const decided = comparesPolicies ? only(await local.decide(recording), endpoints) : undefined;
    await pace.begin();
    const sent = send(recording, endpoints).finally(() => pace.end());
    return { item: sent.then((result) => itemOf(recording, result, decided)) };
  };
}

function leftOut({ recorded }: Recording): ReplayItem {
  return { skipped: recorded?.id ?? '' };
}

type Sent =
  | { readonly responses: readonly RecordedResponse[]; readonly answers: Answers }
  | { readonly problem: string };

type Send = (recording: Recording, endpoints: readonly RecordedEndpoint[]) => Promise<Sent>;

function sender(connection: WebhookConnection, { target, stop }: WebhookOptions): Send {
  return async (recording, endpoints) => {
    const review = sentReview(recording, target);
    const body = JSON.stringify(review);
    const { uid } = recording.review.request;
    const responses: RecordedResponse[] = [];
    const answers: [RecordedEndpoint, string][] = [];
    for (const endpoint of endpoints) {
      const url = endpointUrl(target, endpoint);
      const exchanged = await connection.post(url, body, stop);
      // The path of a URL does not say which webhook it is.
      const isKnown = recording.recorded !== undefined || target.endpoint === undefined;
      const sent = { apiVersion: review.apiVersion, uid, endpoint: isKnown ? endpoint : undefined };
      const read = 'problem' in exchanged ? exchanged : readAnswer(exchanged.body, sent);
      if ('problem' in read) return { problem: `${shownUrl(url)} ${read.problem}` };
      responses.push(read.response);
      if ('body' in exchanged) answers.push([endpoint, exchanged.body.toString()]);
    }
    return { responses, answers: Object.fromEntries(answers) };
  };
}

type SentReview = JsonObject & { readonly apiVersion: Recording['review']['apiVersion'] };

function sentReview({ body, review }: Recording, { reviewVersion, isDryRun }: WebhookTarget): SentReview {
  const request = isObject(body['request']) ? body['request'] : {};
  return {
    ...body,
    apiVersion: reviewVersion ?? review.apiVersion,
    request: isDryRun ? { ...request, dryRun: true } : request,
  };
}

/** None if the URL is that of the other webhook. */
function endpointsFor({ recorded }: Recording, { endpoint }: WebhookTarget): readonly RecordedEndpoint[] {
  if (endpoint === undefined) return recorded === undefined ? ['validate', 'mutate'] : [recorded.endpoint];
  return recorded === undefined || recorded.endpoint === endpoint ? [endpoint] : [];
}

function only({ results, ...rest }: Evaluated, endpoints: readonly RecordedEndpoint[]): Evaluated {
  return { ...rest, results: results.filter(({ endpoint }) => endpoints.includes(endpoint)) };
}
