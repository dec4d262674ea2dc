/** Texts of the page. */
export const live = {
  soon: 'This page is being built.',
};
