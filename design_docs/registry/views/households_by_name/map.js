// Households in the order of the contact's name; those without one first.
function (doc) {
  if (doc.type === 'household_summary') {
    emit(doc.name || null, null);
  }
}
