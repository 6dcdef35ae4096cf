/** Three rules of our own. Try them: tidewaiter check --plugin rules.ts --policy policy.yaml FILE|DIR */
import {
  checkImages,
  checkRegistryFacts,
  defineRule,
  type Problem,
  quoteValue,
  readBoolean,
  readObject,
  unknownProblem,
} from 'tidewaiter';

const notPrivileged = defineRule({
  name: 'not-privileged',
  description: 'No container is privileged',
  parameters: { type: 'object', additionalProperties: false, properties: {} },
  needs: [],
  check: (subject) =>
    subject.containers.flatMap((container): readonly Problem[] => {
      const at = `${container.pointer}/securityContext`;
      const context = readObject(container.fields, 'securityContext', container.pointer);
      if (context === undefined || !readBoolean(context, 'privileged', at)) return [];
      return [
        {
          state: 'violation',
          container,
          pointer: `${at}/privileged`,
          message: 'it is privileged, so it can do what the node can do',
          remedy: 'leave out securityContext.privileged, and add the capabilities that it needs',
        },
      ];
    }),
});

const teamImages = defineRule({
  name: 'team-images',
  description: 'Images come from the folder of the team that the namespace belongs to',
  parameters: {
    type: 'object',
    additionalProperties: false,
    required: ['registry'],
    properties: {
      registry: { type: 'string', minLength: 1, description: 'Where every team has a folder: registry.example.com' },
      label: { type: 'string', minLength: 1, default: 'team', description: 'The label of a namespace with its team' },
    },
  },
  needs: ['namespaceLabels'],
  check(subject, { registry, label }) {
    const labels = subject.facts.namespaceLabels;
    const about = { container: undefined, pointer: '/metadata/namespace' };
    if (labels.state === 'unknown') {
      return [{ ...about, state: 'unknown', message: `could not tell whose namespace it is: ${labels.reason}` }];
    }
    const team = labels.state === 'yes' ? labels.value[label] : undefined;
    if (team === undefined) {
      return [{ ...about, state: 'violation', message: `its namespace has no label ${quoteValue(label)}` }];
    }
    return checkImages(subject, ({ text, domain, path }, container) => {
      if (domain === registry && path.split('/')[0] === team) return undefined;
      return {
        pointer: container.imagePointer,
        message: `image ${quoteValue(text)} is not from the folder of team ${quoteValue(team)}`,
        remedy: `push it to ${registry}/${team}/`,
      };
    });
  },
});

const imageSize = defineRule({
  name: 'image-size',
  description: 'Images are not larger than nodes pull in time',
  parameters: {
    type: 'object',
    additionalProperties: false,
    properties: {
      maxMegabytes: { type: 'integer', minimum: 1, default: 500, description: 'Compressed, as the registry has it' },
    },
  },
  needs: ['registryDetails'],
  check: (subject, { maxMegabytes }) =>
    checkRegistryFacts({ subject, facts: subject.facts.registryDetails }, (fact, { text }) => {
      const image = `image ${quoteValue(text)}`;
      if (fact.state !== 'yes') return unknownProblem(`how large ${image} is`, fact);
      const megabytes = Math.ceil(fact.value.sizeBytes / 1e6);
      if (megabytes <= maxMegabytes) return undefined;
      return {
        state: 'violation',
        message: `${image} has ${megabytes} MB`,
        remedy: `build it smaller: up to ${maxMegabytes} MB are accepted`,
      };
    }),
});

export default [notPrivileged, teamImages, imageSize];
