/**
 * The cause is the host when at least two and more than half of its watched monitors are confirmed
 * failing; else each failing monitor stands for itself.
 */
export const isHostDown = (failing: number, watched: number): boolean =>
  failing >= 2 && failing * 2 > watched;
