/**
 * The exports for plugins: the definition of a rule, the types of its input, and the functions that parse images and read fields
 * for the built-in rules. All of them are pure.
 */
export type { PullSecret, SecretContents } from './credential/pull-secret.ts';
export { parsePattern, patternSet } from './image/pattern.ts';
export type { ImagePattern, ParsedPattern, PatternSet } from './image/pattern.ts';
export { quoteValue } from './image/quote.ts';
export { effectiveTag, isPinned, parseReference, repositoryOf } from './image/reference.ts';
export type { ImageReference, ParsedImage } from './image/reference.ts';
export { containerLabel } from './pod/containers.ts';
export type { Container, ContainerImage, ContainerKind, Pod, Port } from './pod/containers.ts';
export { pointerTo } from './pod/pointer.ts';
export type { JsonObject } from './pod/pointer.ts';
export { readBoolean, readNumber, readObject, readObjects, readString } from './pod/read.ts';
export type { ObjectType, Workload } from './pod/workload.ts';
export type { Fact, Facts, Labels, NamedSecret, Need, OriginalImage, PodPullSecrets } from './policy/fact.ts';
export type {
  Platform,
  RegistryCause,
  RegistryDetails,
  RegistryFact,
  RegistryFacts,
  RegistryFailure,
  RegistryImage,
} from './policy/registry-fact.ts';
export type { FromSchema, ParameterSchema, ValueSchema } from './policy/parameters.ts';
export { defineRule } from './policy/rule.ts';
export type { ParameterFault, Prepared, Problem, Rule, RuleDefinition, RuleDocs, Subject } from './policy/rule.ts';
export { checkImages, originalOf } from './policy/rules/images.ts';
export { patternsOf } from './policy/rules/patterns.ts';
export { checkRegistryFacts, unknownProblem } from './policy/rules/registry-facts.ts';
