/** Questions to registries, for commands: each once, a few at a time, and a line now and then for whoever waits. */
import { type Config } from '../config/config.ts';
import { askEach } from '../pinning/look-up-each.ts';
import type { Question } from '../pinning/pinned-references.ts';
import type { ClosableRegistry, RegistryFor } from './pin-registry.ts';
import { loadPullSecrets } from './pull-secret-files.ts';
import type { Terminal } from './terminal.ts';
import { UserError } from '../error/user-error.ts';

const CONCURRENCY = 16;
const PROGRESS_MS = 5000;

export interface Ask {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** Made when the first question comes. */
  readonly registry: () => ClosableRegistry;
  /** Of what was made. */
  readonly close: () => Promise<void>;
}

export interface AskOptions extends Omit<Ask, 'registry' | 'close'> {
  readonly config: Config;
  /** Files with Secret manifests. */
  readonly pullSecret: readonly string[] | undefined;
  readonly registryFor: RegistryFor;
}

export async function askWith({ config, pullSecret, registryFor, terminal, signal }: AskOptions): Promise<Ask> {
  const loaded = pullSecret === undefined ? undefined : await loadPullSecrets(pullSecret, terminal);
  if (loaded !== undefined && loaded.problems.length > 0) throw new UserError(loaded.problems.join('\n'));
  let made: ClosableRegistry | undefined;
  const credentials = { secrets: loaded?.secrets, warn: (message: string) => terminal.note(`${message}\n`) };
  return {
    terminal,
    signal,
    registry: () => (made ??= registryFor(config, credentials)),
    close: async () => made?.close(),
  };
}

export async function answersTo<A>(
  questions: ReadonlyMap<string, Question>,
  ask: (question: Question) => Promise<A>,
  { terminal, signal }: Pick<Ask, 'terminal' | 'signal'>,
): Promise<ReadonlyMap<string, A>> {
  let told = '';
  const timer = setInterval(() => terminal.note(told), PROGRESS_MS);
  try {
    return await askEach(questions, {
      ask,
      signal,
      concurrency: CONCURRENCY,
      answered: (count, all) => (told = `asked for ${count} of ${all} images\n`),
    });
  } finally {
    clearInterval(timer);
  }
}

export function byKey(questions: readonly (Question | undefined)[]): ReadonlyMap<string, Question> {
  return new Map(questions.flatMap((question) => (question === undefined ? [] : [[question.key, question] as const])));
}
