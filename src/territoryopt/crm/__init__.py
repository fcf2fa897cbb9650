"""From the export of a CRM to an instance folder, with every repair and refusal written down."""
