/** `pin --rewrite`: writes the names that policies give to images into the texts of files, before digests are looked up. */
import { splice } from '../../../files/splice.ts';
import type { ImageReference } from '../../../image/reference.ts';
import { quoteValue } from '../../../image/quote.ts';
import type { Edit, ImageLocation } from '../../../pinning/image-location.ts';
import { namedImages, selectedPlaces } from '../../../pinning/rewrite/named-images.ts';
import { type NamePlan, planNames } from '../../../pinning/rewrite/plan-names.ts';
import type { PinErrorRow } from '../../../report/pin.ts';
import { type OpenFile, type OpenFiles, withTexts } from '../open-files.ts';
import { changedOtherwise } from './built-names.ts';
import { type Homes, hiddenIn, homesOf } from './homes.ts';
import { findingText, nameNotices } from './name-notices.ts';
import { type DecidedName, decideNames, isDenied, type NamesInput } from './wanted-names.ts';

export type NameDecision =
  | { readonly state: 'rewritten'; readonly to: ImageReference; readonly policy: string }
  | { readonly state: 'failed'; readonly message: string };

export interface RewrittenNames {
  /** The files with the new names. */
  readonly opened: OpenFiles;
  readonly editsIn: (file: OpenFile) => readonly Edit[];
  /** By the location of the name in the files as they were. */
  readonly decisions: ReadonlyMap<ImageLocation, NameDecision>;
  readonly notices: readonly PinErrorRow[];
  /** Reports whether an image got its name from an image that was selected. */
  readonly isNew: (reference: ImageReference) => boolean;
}

export async function rewriteNames(given: OpenFiles, input: NamesInput): Promise<RewrittenNames> {
  const { builtNames } = given.kustomize;
  const locations = given.files.flatMap(({ found }) => found.locations);
  const names = await decideNames(namedImages(locations, { builtNames, hidden: hiddenIn(given) }), input);
  const homes = homesOf(given);
  const written = writeNames(names, given, homes);
  const policies = new Map(names.map(({ image, policy = '' }) => [image.place, policy]));
  const targets = new Set(names.flatMap(({ to }) => (to === undefined ? [] : [tagOf(to)])));
  return {
    opened: written.opened,
    editsIn: (file) => written.edits.get(file) ?? [],
    decisions: new Map([...planned(written.plans, homes, policies), ...deniedNames(names)]),
    notices: nameNotices(names, { homes, plans: written.plans }),
    isNew: (reference) => targets.has(tagOf(reference)),
  };
}

function tagOf({ repository, effectiveTag = '' }: ImageReference): string {
  return `${repository}:${effectiveTag}`;
}

function deniedNames(names: readonly DecidedName[]): readonly (readonly [ImageLocation, NameDecision])[] {
  return names.flatMap(({ image, finding }) =>
    finding !== undefined && isDenied(finding)
      ? [[image.place, { state: 'failed', message: findingText(finding) }] as const]
      : [],
  );
}

function planned(
  plans: ReadonlyMap<ImageLocation, NamePlan>,
  { given }: Homes,
  policies: ReadonlyMap<ImageLocation, string>,
): readonly (readonly [ImageLocation, NameDecision])[] {
  return [...plans]
    .filter(([place]) => given(place) !== undefined)
    .map(([place, plan]) => [place, decisionOf(plan, policies.get(place) ?? '')] as const);
}

function decisionOf(plan: NamePlan, policy: string): NameDecision {
  if (plan.ok) return { state: 'rewritten', to: plan.to, policy };
  const { from, to, why } = plan;
  const message = `image ${quoteValue(from.text, 256)} cannot be rewritten to ${quoteValue(to.text, 256)}: ${why}`;
  return { state: 'failed', message };
}

interface WrittenNames {
  readonly opened: OpenFiles;
  readonly edits: ReadonlyMap<OpenFile, readonly Edit[]>;
  readonly plans: ReadonlyMap<ImageLocation, NamePlan>;
}

/** Leaves out names that cannot be written, until everything else can. */
function writeNames(names: readonly DecidedName[], given: OpenFiles, homes: Homes): WrittenNames {
  const { builtNames } = given.kustomize;
  const blocked = new Map<ImageLocation, string>();
  const selected = selectedPlaces(builtNames);
  for (;;) {
    const before = blocked.size;
    const plans = planNames(names, { selected, blocked, fileOf: homes.pathOf });
    const { texts, edits, omitted } = spliceNames(plans, given);
    for (const [location, why] of omitted) blocked.set(location, why);
    if (blocked.size > before) continue;
    const opened = withTexts(given, texts);
    const applied = new Map(
      [...plans].flatMap(([place, plan]) =>
        plan.ok && homes.given(place) !== undefined ? [[place, plan.to] as const] : [],
      ),
    );
    for (const [place, why] of changedOtherwise(given, opened, applied)) blocked.set(place, why);
    if (blocked.size === before) return { opened, edits, plans };
  }
}

interface SplicedNames {
  readonly texts: ReadonlyMap<OpenFile, string>;
  readonly edits: ReadonlyMap<OpenFile, readonly Edit[]>;
  readonly omitted: ReadonlyMap<ImageLocation, string>;
}

function spliceNames(plans: ReadonlyMap<ImageLocation, NamePlan>, { files, options }: OpenFiles): SplicedNames {
  const texts = new Map<OpenFile, string>();
  const edits = new Map<OpenFile, readonly Edit[]>();
  const omitted = new Map<ImageLocation, string>();
  for (const file of files) {
    const { locations } = file.found;
    const changes = locations.flatMap((location) => {
      const plan = plans.get(location);
      return plan?.ok === true ? [{ location, name: plan.to }] : [];
    });
    if (changes.length === 0) continue;
    const result = splice({ file: file.file, text: file.text, locations }, changes, options);
    for (const [location, why] of result.omitted) omitted.set(location, why);
    texts.set(file, result.text);
    edits.set(file, result.edits);
  }
  return { texts, edits, omitted };
}
