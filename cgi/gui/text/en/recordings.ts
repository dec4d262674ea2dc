/** Texts of the page. */
export const recordings = {
  soon: 'This page is being built.',
};
