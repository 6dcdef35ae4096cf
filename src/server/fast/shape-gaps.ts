/** Finds the parts of a review that its shape leaves out, in the bytes of its body. */
import { type JsonMember, jsonMembers } from '../json-members.ts';

/** A part of a string, so that a text without quotation marks and backslashes can replace it. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  /** What can be there. */
  readonly content: RegExp;
  /** The name of the object. */
  readonly isName: boolean;
}

/** What the group of `pattern` matches is a gap. */
interface GapPattern {
  readonly pattern: RegExp;
  readonly content: RegExp;
}

const PLAIN = /^[\w.:+-]*$/;
const STRING: GapPattern = { pattern: /^"([\w.:+-]*)"$/g, content: PLAIN };
/** An owner has no other member with this key: API servers check the types of metadata. */
const OWNER_UID: GapPattern = { pattern: /"uid":"([\w-]*)"/g, content: PLAIN };
/** By their key, because an image can have such a name as well. */
const TOKEN_VOLUME: GapPattern = { pattern: /"name":"kube-api-access-([a-z0-9]{5})"/g, content: /^[a-z0-9]*$/ };
/** No shape depends on managedFields. Their keys have quotation marks with backslashes. */
const MANAGED: GapPattern = { pattern: /(?:"time":"|"kube-api-access-)([\w:-]*)[\\"]/g, content: PLAIN };

const METADATA: Readonly<Record<string, GapPattern | undefined>> = {
  uid: STRING,
  creationTimestamp: STRING,
  resourceVersion: STRING,
  ownerReferences: OWNER_UID,
  managedFields: MANAGED,
};

/** In the order of the bytes. `hasName`: the name of the object is a part of the shape. */
export function gapsIn(body: Buffer, hasName: boolean): readonly Gap[] {
  const requests = membersOf(body, [ROOT], 'request');
  const objects = [...membersOf(body, requests, 'object'), ...membersOf(body, requests, 'oldObject')];
  const metadata = membersOf(body, objects, 'metadata');
  const names = hasName ? [] : [...membersOf(body, requests, 'name'), ...membersOf(body, metadata, 'name')];
  const gaps = [
    ...gapsOf(body, membersOf(body, requests, 'uid'), STRING),
    ...Object.entries(METADATA).flatMap(([key, of]) => (of ? gapsOf(body, membersOf(body, metadata, key), of) : [])),
    ...gapsOf(body, membersOf(body, objects, 'spec'), TOKEN_VOLUME),
    ...gapsOf(body, names, STRING).map((gap) => ({ ...gap, isName: true })),
  ];
  return gaps.toSorted((one, other) => one.from - other.from);
}

const ROOT = { at: 0 };

/** All of equal keys. */
function membersOf(body: Buffer, parents: readonly { readonly at: number }[], key: string): readonly JsonMember[] {
  return parents.flatMap(({ at }) => [...jsonMembers(body, at)].filter((member) => member.key === key));
}

function gapsOf(body: Buffer, members: readonly JsonMember[], { pattern, content }: GapPattern): readonly Gap[] {
  return members.flatMap(({ at, end }) =>
    [...body.toString('latin1', at, end).matchAll(pattern)].map(({ 0: whole, 1: text = '', index }) => {
      // One character follows.
      const to = at + index + whole.length - 1;
      return { from: to - text.length, to, content, isName: false };
    }),
  );
}
