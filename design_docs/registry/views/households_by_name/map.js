// Households in the order of the contact's name; those without one (erased, or not yet read) last.
function (doc) {
  if (doc.type === 'household_summary') {
    emit([doc.name ? 0 : 1, doc.name || null], null);
  }
}
