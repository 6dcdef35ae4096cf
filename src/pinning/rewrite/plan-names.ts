/** Plans the new names of all images together, because images can share the text of their names. */
import { quoteValue } from '../../image/quote.ts';
import type { ImageReference } from '../../image/reference.ts';
import type { ImageLocation } from '../image-location.ts';
import type { BuiltName } from '../kustomize/builds.ts';
import type { NamedImage } from './named-images.ts';

export interface WantedName {
  readonly image: NamedImage;
  /** undefined: it keeps its name. */
  readonly to: ImageReference | undefined;
}

export type NamePlan =
  | { readonly ok: true; readonly to: ImageReference }
  | { readonly ok: false; readonly from: ImageReference; readonly to: ImageReference; readonly why: string };

export interface PlanNamesInput {
  /** See selectedPlaces. */
  readonly selected: ReadonlyMap<ImageLocation, BuiltName>;
  /** Identifies the file of a location. */
  readonly fileOf: (location: ImageLocation) => string;
  /** Why the name at a place cannot be written, found by an attempt to write it. */
  readonly blocked: ReadonlyMap<ImageLocation, string>;
}

/** By the place of the name. Images that keep their names have no plan. */
export function planNames(wanted: readonly WantedName[], input: PlanNamesInput): ReadonlyMap<ImageLocation, NamePlan> {
  const groups = Map.groupBy(wanted, ({ image: { place } }) => textKey(place, input));
  return new Map([...groups.values()].flatMap((group) => planGroup(group, input)));
}

/** Equal for images whose names are one text. */
function textKey(place: ImageLocation, { fileOf }: PlanNamesInput): string {
  const at =
    place.name?.ok === true ? place.name.pieces.map(({ from, to }) => [from, to]) : [place.offset, place.image];
  return JSON.stringify([fileOf(place), at]);
}

function planGroup(
  group: readonly WantedName[],
  input: PlanNamesInput,
): readonly (readonly [ImageLocation, NamePlan])[] {
  const first = group.find(({ to }) => to !== undefined);
  if (first?.to === undefined) return [];
  const { to } = first;
  const from = first.image.reference;
  const other = group.find((one) => one.to?.repository !== to.repository);
  return group.map(({ image: { place }, to: own = to }) => {
    const why = obstacle(place, input) ?? (other && sharedWith(other));
    return [place, why === undefined ? { ok: true, to: own } : { ok: false, from, to, why }];
  });
}

function obstacle(place: ImageLocation, { selected, blocked }: PlanNamesInput): string | undefined {
  const { name, target } = place;
  const selector = selected.get(place);
  if (selector !== undefined) {
    const [entry] = selector.entries.slice(-1);
    return `"images" in ${selector.file} selects it by the name ${quoteValue(entry?.name ?? '')}; add an entry with "newName" to "images" of each kustomization that uses it`;
  }
  if (name?.ok === true) return blocked.get(place);
  if (name !== undefined) return name.reason;
  return target.ok ? 'its name is not written here' : target.reason;
}

function sharedWith({ image: { reference, runBy }, to }: WantedName): string {
  const where = runBy === undefined ? '' : ` in ${runBy}`;
  const what = to === undefined ? 'keeps its name' : `becomes ${quoteValue(to.text, 256)}`;
  return `its name is also that of ${quoteValue(reference.text, 256)}${where}, which ${what}; write both images out`;
}
