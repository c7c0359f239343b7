"""What products carry: Entitlements, which there are since 2024."""

from __future__ import annotations

from tests.stripe.forms.form import API_AND_FILES, JSON, T2024, T2026, Form, Period, Supplier, listing


def _product(tag: str, created: int, *features: JSON) -> JSON:
    return {
        "id": f"prod_{tag}",
        "object": "product",
        "active": True,
        "created": created,
        "features": listing(*features, url=f"/v1/products/prod_{tag}/features"),
        "livemode": True,
        "metadata": {},
        "name": "Pro",
    }


def _feature(tag: str, key: str) -> JSON:
    return {
        "id": f"pf_{key}_{tag}",
        "object": "product_feature",
        "entitlement_feature": {
            "id": f"feat_{key}",
            "object": "entitlements.feature",
            "active": True,
            "livemode": True,
            "lookup_key": key,
            "metadata": {},
            "name": key.title(),
        },
        "livemode": True,
    }


FORMS = (
    Form(
        tag="f24",
        period=Period.Y2023_2024,
        what="a product with two features: Entitlements came in 2024",
        source='Stripe documentation, "Entitlements"; API reference 2024-04-10, "The Product Feature object"',
        objects={"products": [_product("f24", T2024, _feature("f24", "export"), _feature("f24", "seats"))]},
        rows={
            "stripe_product_feature": [
                {"product_id": "prod_f24", "feature": "export"},
                {"product_id": "prod_f24", "feature": "seats"},
            ]
        },
        suppliers=API_AND_FILES,
    ),
    Form(
        tag="f26",
        period=Period.TODAY,
        what="a product without features",
        source='Stripe API reference 2026, "The Product object"',
        objects={"products": [_product("f26", T2026)]},
        rows={"stripe_product_feature": []},
        suppliers=(Supplier.API, Supplier.FILES),
    ),
)
