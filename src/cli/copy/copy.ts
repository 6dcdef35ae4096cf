/** `tidewaiter copy --list`: which images a mirror lacks, before policies rewrite to it. */
import { UserError } from '../../error/user-error.ts';
import { recordingEvents } from '../../files/recordings.ts';
import { yamlDocuments } from '../../install/yaml.ts';
import type { RegistryFact, RegistryImage } from '../../policy/registry-fact.ts';
import { failureText, INTERRUPTED, type ReferenceLookup } from '../../pinning/reference-lookup.ts';
import { rewritesImages } from '../../policy/plan.ts';
import { copyExitCode, type CopyReport, type CopyRow, missingImages } from '../../report/copy.ts';
import { type FormatName, formatReport } from '../../report/index.ts';
import { noticeLine, paint } from '../../report/paint.ts';
import { inputNoticeRow } from '../../report/rows.ts';
import { compose } from '../../wiring.ts';
import { closeAfter } from '../close-after.ts';
import { configured } from '../configured.ts';
import { interruptible } from '../interrupt.ts';
import { createLookups, lookUpAll, type RegistryFor, type RegistryLookups } from '../pin/registry-lookups.ts';
import { print, type Terminal } from '../terminal.ts';
import { type WantedImage, type WantedImages, wantedImages } from './wanted-images.ts';

export interface CopyFlags {
  readonly config?: string | undefined;
  readonly policy?: readonly string[] | undefined;
  readonly pullSecret?: readonly string[] | undefined;
  readonly output: FormatName<'copy'>;
}

export interface CopyParts {
  readonly terminal: Terminal;
  readonly registryFor: RegistryFor;
}

type Facts = ReadonlyMap<string, RegistryFact<RegistryImage>>;

export function listCopies(paths: readonly string[], flags: CopyFlags, parts: CopyParts): Promise<number> {
  return interruptible(async (signal) => {
    const { terminal } = parts;
    const { config } = await configured({ config: flags.config, policy: flags.policy }, terminal);
    const { context } = await compose(config, {});
    if (!rewritesImages(context.policies)) {
      throw new UserError('no policy has "rewrite"; name policies with --policy');
    }
    const events = recordingEvents(paths, terminal.input(), { kinds: config.kinds, namespace: 'default' });
    const wanted = await wantedImages(events, context, signal);
    for (const notice of wanted.visited.notices) terminal.note(`${noticeLine(inputNoticeRow(notice), paint(false))}\n`);
    const lookups = await createLookups({ ...parts, config, pullSecret: flags.pullSecret, signal });
    const report = reportOf(wanted, await factsOf(wanted, lookups));
    const result = { report, yaml: skopeoYaml(report), ink: paint(terminal.colors) };
    print(await formatReport('copy', flags.output, result), terminal);
    return copyExitCode(report);
  });
}

/** By the names that runtimes pull. */
function factsOf({ images }: WantedImages, lookups: RegistryLookups): Promise<Facts> {
  const references = [...images.values()].flatMap(({ from, to }) => [from, to]);
  const byName = references.map(
    (reference) => [reference.runtimeName, { key: reference.runtimeName, reference }] as const,
  );
  const lookUp = ({ reference }: ReferenceLookup): Promise<RegistryFact<RegistryImage>> =>
    lookups.registry().resolve(reference, lookups.signal);
  return closeAfter(lookUpAll(new Map(byName), lookUp, lookups), lookups.close);
}

function reportOf({ images, more, objects, visited }: WantedImages, facts: Facts): CopyReport {
  const rows = [...images.values()].map((image) => rowOf(image, facts));
  const { errors, moreErrors } = visited;
  return { version: 1, images: rows, moreImages: more, objects, errors, moreErrors };
}

function rowOf({ from, to, policies }: WantedImage, facts: Facts): CopyRow {
  const [origin, mirror] = [from, to].map(({ runtimeName }) => facts.get(runtimeName));
  const [fromDigest, toDigest] = [digestOf(origin), digestOf(mirror)];
  const row = { from: from.runtimeName, to: to.runtimeName, policies: [...policies], fromDigest, toDigest };
  if (mirror?.state === 'yes') {
    if (fromDigest === null) return { ...row, state: 'present', message: notCompared(origin) };
    if (fromDigest === toDigest) return { ...row, state: 'present', message: null };
    return {
      ...row,
      state: 'mirror-differs',
      message: `${to.domain} has ${toDigest}, ${from.domain} has ${fromDigest}`,
    };
  }
  const why = failureOf(mirror);
  if (!isNotFound(mirror)) return { ...row, state: 'unknown', message: why };
  const message = origin?.state === 'yes' ? null : `the source is not known to exist: ${failureOf(origin)}`;
  return { ...row, state: 'missing', message };
}

/** A source that does not have the tag has nothing to compare with. */
function notCompared(origin: RegistryFact<RegistryImage> | undefined): string | null {
  return isNotFound(origin) ? null : `not compared with the source: ${failureOf(origin)}`;
}

function isNotFound(fact: RegistryFact<RegistryImage> | undefined): boolean {
  return fact?.state === 'no' && fact.failure.cause === 'notFound';
}

function digestOf(fact: RegistryFact<RegistryImage> | undefined): string | null {
  return fact?.state === 'yes' ? fact.value.digest : null;
}

function failureOf(fact: RegistryFact<RegistryImage> | undefined): string {
  return fact === undefined || fact.state === 'yes' ? INTERRUPTED : failureText(fact.failure);
}

/** By registry and repository, as `skopeo sync --src yaml` reads them (skopeo-sync(1)). */
function skopeoYaml(report: CopyReport): string {
  const parts = missingImages(report).map(({ from }) => SOURCE.exec(from)?.groups ?? {});
  const registries = Map.groupBy(parts, ({ registry = '' }) => registry);
  const tree = [...registries].map(([registry, images]) => {
    const repositories = Map.groupBy(images, ({ repository = '' }) => repository);
    const versions = [...repositories].map(([name, of]) => [name, [...new Set(of.map(({ version = '' }) => version))]]);
    return [
      registry,
      { images: Object.fromEntries(versions) as { readonly [name: string]: readonly string[] } },
    ] as const;
  });
  return tree.length === 0 ? '' : yamlDocuments([Object.fromEntries(tree)]);
}

const SOURCE = /^(?<registry>[^/]+)\/(?<repository>[^:@]+)[:@](?<version>.+)$/;
