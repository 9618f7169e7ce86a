/** Training within one thread: examples, how a batch of them is dealt out, and a replica that learns from its share. */
export { dealt, type MicroBatch, positionsIn } from './batch.js';
export { type Example, nextTokenExample } from './example.js';
export { batchFeeds, type TrainingShape, trainingGraph } from './graph.js';
export { Replica, type ReplicaOptions, type SharedState } from './replica.js';
