/** `tidewaiter copy --list`: which images a mirror lacks, before policies rewrite to it. */
import { UserError } from '../../error/user-error.ts';
import { recordingEvents } from '../../files/recording-events.ts';
import { yamlDocuments } from '../../install/yaml.ts';
import type { ImageReference } from '../../image/reference.ts';
import { compareTags } from '../../policy/compared-tags.ts';
import type { RegistryFact, RegistryImage } from '../../policy/registry-fact.ts';
import { failureText, NOT_LOOKED_UP, type ReferenceLookup } from '../../pinning/reference-lookup.ts';
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
import { inputNamespaces } from './input-namespaces.ts';
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
    const namespaces = inputNamespaces();
    const objects = { kinds: config.kinds, namespace: 'default', onOther: namespaces.add };
    const events = recordingEvents(paths, terminal.input(), objects);
    const wanted = await wantedImages(events, { ...context, namespaces }, signal);
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
  const references = [...images.values()].flatMap(({ from, to }) => (to.ok ? [from, to.reference] : []));
  const byName = references.map(
    (reference) => [reference.runtimeName, { key: reference.runtimeName, reference }] as const,
  );
  const lookUp = ({ reference }: ReferenceLookup): Promise<RegistryFact<RegistryImage>> =>
    lookups.registry().resolve(reference, lookups.signal);
  return closeAfter(lookUpAll(new Map(byName), lookUp, lookups), lookups.close);
}

function reportOf({ images, hasMore, objects, visited }: WantedImages, facts: Facts): CopyReport {
  const rows = [...images.values()].map((image) => rowOf(image, facts));
  const { errors, moreErrors } = visited;
  return { version: 1, images: rows, moreImages: hasMore, objects, errors, moreErrors };
}

function rowOf({ from, to, policies, assumed }: WantedImage, facts: Facts): CopyRow {
  const row = { from: from.runtimeName, policies: [...policies], assumed: assumed ?? null };
  if (!to.ok) {
    return { ...row, to: null, fromDigest: null, toDigest: null, state: 'invalid-name', message: to.problem };
  }
  const [origin = NOT_LOOKED_UP, mirror = NOT_LOOKED_UP] = [from, to.reference].map(({ runtimeName }) =>
    facts.get(runtimeName),
  );
  const digests = { fromDigest: digestOf(origin), toDigest: digestOf(mirror) };
  return {
    ...row,
    to: to.reference.runtimeName,
    ...digests,
    ...stateOf({ from, to: to.reference }, { origin, mirror }),
  };
}

interface Names {
  readonly from: ImageReference;
  readonly to: ImageReference;
}

interface Found {
  readonly origin: RegistryFact<RegistryImage>;
  readonly mirror: RegistryFact<RegistryImage>;
}

function stateOf(names: Names, { origin, mirror }: Found): Pick<CopyRow, 'state' | 'message'> {
  if (mirror.state === 'yes') return comparedState(names, { origin, mirror });
  if (!isNotFound(mirror)) return { state: 'unknown', message: failureOf(mirror) };
  const message = origin.state === 'yes' ? null : `the source is not known to exist: ${failureOf(origin)}`;
  return { state: 'missing', message };
}

/** A digest is the same image everywhere, and a source that does not have the tag has nothing to compare with. */
function comparedState({ from, to }: Names, { origin, mirror }: Found): Pick<CopyRow, 'state' | 'message'> {
  if (from.digest !== undefined) return PRESENT;
  const compared = compareTags({ original: origin, mirror });
  if (compared.state === 'unknown') {
    const why = failureText(compared.failure);
    return { state: 'unknown', message: `the mirror has it, but it cannot be compared with the source: ${why}` };
  }
  if (compared.state !== 'mirror-differs') return PRESENT;
  const { mirrorDigest, originalDigest } = compared;
  const message = `${to.domain} has ${mirrorDigest}, ${from.domain} has ${originalDigest}`;
  return { state: 'mirror-differs', message };
}

const PRESENT: Pick<CopyRow, 'state' | 'message'> = { state: 'present', message: null };

function isNotFound(fact: RegistryFact<RegistryImage>): boolean {
  return fact.state === 'no' && fact.failure.cause === 'notFound';
}

function digestOf(fact: RegistryFact<RegistryImage>): string | null {
  return fact.state === 'yes' ? fact.value.digest : null;
}

function failureOf(fact: RegistryFact<RegistryImage>): string {
  return fact.state === 'yes' ? '' : failureText(fact.failure);
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
