/** Training within one thread: examples, how a batch of them is dealt out, and a replica that learns from its share. */
export { dealt, type Example, type MicroBatch, nextTokenExample } from './batch.js';
export { batchFeeds, type TrainingShape, trainingGraph } from './graph.js';
export { Replica, type ReplicaOptions, type SharedState } from './replica.js';
