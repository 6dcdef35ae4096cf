/** `tidewaiter kinds --from-crd`: entries for the key `kinds`, from CustomResourceDefinitions. */
import { loadManifests } from '../files/manifests.ts';
import { locationText } from '../files/location-text.ts';
import { kindOfCrd, type CrdKind } from '../pod/crd-schema.ts';
import { escapeUnprintable, withoutCommands } from '../image/quote.ts';
import type { KindEntry } from '../pod/kind-entry.ts';
import { type KindTable, kindTable } from '../pod/kinds.ts';
import { pointerSegments } from '../pod/pointer.ts';
import type { Terminal } from './terminal.ts';

export interface CrdKindsFlags {
  readonly fromCrd: readonly string[];
}

export async function printCrdKinds({ fromCrd }: CrdKindsFlags, terminal: Terminal): Promise<number> {
  const known = kindTable();
  const options = {
    kinds: known,
    namespace: 'default',
    stdin: terminal.input(),
    skipForeign: 'inDirectories',
  } as const;
  const { manifests, errors } = await loadManifests(fromCrd, options);
  for (const error of errors) terminal.note(`${locationText(error)}: ${error.message}\n`);
  const found = manifests.flatMap(({ request: { type, object } }) => {
    const isCrd = type.group === 'apiextensions.k8s.io' && type.kind === 'CustomResourceDefinition';
    return (isCrd && object !== undefined && kindOfCrd(object)) || [];
  });
  if (found.length === 0) terminal.note('no CustomResourceDefinition found\n');
  const missing = found.map((one) => ({ ...one, entry: withoutKnown(one.entry, known) }));
  terminal.out(textOf(missing));
  return errors.length > 0 || found.length === 0 ? 2 : 0;
}

/** Locations that the table has would be evaluated twice. */
function withoutKnown(entry: KindEntry, known: KindTable): KindEntry {
  const kind = known.find(entry.group, entry.kind);
  if (kind === undefined) return entry;
  const [pods, images] = [kind.podSpecs, [...kind.images, ...kind.imagesOrParts]].map(
    (locations) => new Set(locations.map((location) => JSON.stringify(location))),
  );
  const isNew = (all: ReadonlySet<string> | undefined) => (pointer: string) =>
    all?.has(JSON.stringify(pointerSegments(pointer))) !== true;
  const outside = (pointer: string): boolean => !isWithin(pointer, kind.podSpecs);
  return {
    ...entry,
    podSpecs: entry.podSpecs?.filter(isNew(pods)),
    images: entry.images?.filter(isNew(images)).filter(outside),
  };
}

function isWithin(pointer: string, podSpecs: readonly (readonly string[])[]): boolean {
  const segments = pointerSegments(pointer);
  return podSpecs.some(
    (pod) =>
      pod.length < segments.length && pod.every((segment, index) => segment === '*' || segment === segments[index]),
  );
}

function textOf(all: readonly CrdKind[]): string {
  const entries = all.filter(({ entry }) => hasLocations(entry));
  const comments = all.flatMap(({ entry: { group, kind }, parts, open }) => [
    ...parts.map(
      (at) =>
        `# ${escapeUnprintable(`${kind}.${group}: ${at}`)} is composed from several fields, which an entry cannot express`,
    ),
    ...open.map((at) => `# ${escapeUnprintable(`${kind}.${group}: ${at}`)} has no schema and can contain images`),
  ]);
  const lines = entries.length === 0 ? ['kinds: []'] : ['kinds:', ...entries.flatMap(({ entry }) => linesOf(entry))];
  return [...lines, ...comments].map((line) => `${line}\n`).join('');
}

function hasLocations({ podSpecs = [], images = [] }: KindEntry): boolean {
  return podSpecs.length + images.length > 0;
}

function linesOf({ group, kind, resource, podSpecs = [], images = [], clusterScoped }: KindEntry): readonly string[] {
  return [
    `  - group: ${shown(group)}`,
    `    kind: ${shown(kind)}`,
    ...(resource === undefined ? [] : [`    resource: ${shown(resource)}`]),
    ...listOf('podSpecs', podSpecs),
    ...listOf('images', images),
    ...(clusterScoped ? ['    clusterScoped: true'] : []),
  ];
}

function listOf(key: string, pointers: readonly string[]): readonly string[] {
  return pointers.length === 0 ? [] : [`    ${key}:`, ...pointers.map((pointer) => `      - ${shown(pointer)}`)];
}

function shown(text: string): string {
  return /^[/A-Za-z][\w./*~-]*$/.test(text) && !/^(?:yes|no|on|off|true|false|null|y|n)$/i.test(text)
    ? text
    : withoutCommands(JSON.stringify(text));
}
