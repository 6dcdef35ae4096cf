/** The manifests of test/fixtures/kinds, and helpers to read objects. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseDocuments } from '../../src/files/yaml/yaml.ts';
import { type KindTable, kindTable } from '../../src/pod/kinds.ts';
import { isObject, type JsonObject } from '../../src/pod/pointer.ts';
import { typeOf, type Workload, workloadOf } from '../../src/pod/workload.ts';

const FOLDER = path.resolve(import.meta.dirname, '../fixtures/kinds');

export interface Fixture {
  readonly file: string;
  /** `Kind.group name` */
  readonly id: string;
  readonly object: JsonObject;
}

export function kindFixtures(): readonly Fixture[] {
  return readdirSync(FOLDER).flatMap((file) =>
    objectsIn(readFileSync(path.join(FOLDER, file), 'utf8')).map((object) => ({ file, id: idOf(object), object })),
  );
}

export function objectsIn(yaml: string): readonly JsonObject[] {
  return parseDocuments(yaml).map((document) => {
    if (!document.ok || !isObject(document.value)) throw new Error(`not an object: ${JSON.stringify(document)}`);
    return document.value;
  });
}

function idOf(object: JsonObject): string {
  const { group, kind } = typeOf(object);
  const { name, generateName } = { name: '', generateName: '', ...(object['metadata'] as JsonObject | undefined) };
  return `${kind}.${group} ${name || generateName}`;
}

/** Shared, because creating it takes longer than reading an object. */
const KINDS = kindTable();

/** Reads an object with a valid shape. */
export function readWorkload(object: JsonObject, kinds: KindTable = KINDS): Workload {
  const read = workloadOf(object, typeOf(object), kinds);
  if (read === undefined) throw new Error('has no images');
  if (!read.ok) throw new Error(`${read.fault.pointer}: ${read.fault.problem}`);
  return read.workload;
}

/** `[kind and name of the container, JSON pointer of the image, image]` */
export type Row = readonly [string, string, string];

export function rowsOf({ containers }: Workload): readonly Row[] {
  return containers.map(({ kind, name, imagePointer, image }) => [`${kind} ${name ?? '-'}`, imagePointer, image.text]);
}
