// Households by city, then name; those without one (erased, or not yet read) last.
function (doc) {
  if (doc.type === 'household_summary') {
    emit([doc.city ? 0 : 1, doc.city || null, doc.name || null], null);
  }
}
